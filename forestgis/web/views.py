"""The map page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forestgis.tenancy import principal
from forestgis.web import selectors
from forestgis.web.map_config import map_config


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """Show the map, at first on what is published of the user's municipality."""
    who = principal.current()
    published = selectors.published_bounds(who)
    context = {
        "map_config": map_config(published or selectors.home_bounds(who)),
        "nothing_published": published is None,
    }
    return render(request, "web/map.html", context)
