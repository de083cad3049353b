"""The search page: form, list and totals, each also on its own for htmx."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from forestgis.registry import search_selectors
from forestgis.registry.domain.totals import Totals, totalled
from forestgis.registry.forms import SearchForm
from forestgis.registry.search_selectors import BadPlaceError
from forestgis.registry.selectors import CodeNames, edition_choices
from forestgis.tenancy.principal import current

_PLACES = ("after", "before")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what was found, a page at a time; the whole page, or the part that htmx asks for."""
    form = SearchForm(request.GET)
    context: dict[str, Any] = {"form": form, "query": _query(request)}
    if form.is_valid():
        context["page"] = _page(request, form)
        context["show_municipality"] = "municipality" in form.fields
        context["may_write"] = current().can_write
    response = render(request, _template(request), context)
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response


@require_safe
def totals(request: HttpRequest) -> HttpResponse:
    """Show the totals of what was found. Counted here alone, once a search."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        raise BadRequest("totals of a search that is not valid")
    return render(request, "registry/totals.html", {"totals": _totals(form)})


def _page(request: HttpRequest, form: SearchForm) -> search_selectors.Page:
    places = {name: request.GET.get(name, "") for name in _PLACES}
    try:
        return search_selectors.page(form.criteria(), form.cleaned_data["sort"], **places)
    except BadPlaceError as error:
        raise BadRequest(str(error)) from error


def _totals(form: SearchForm) -> Totals:
    editions = edition_choices()
    edition = form.cleaned_data["edition"] or (editions[0][0] if editions else 0)
    return totalled(search_selectors.totals(form.criteria()), CodeNames(edition))


def _query(request: HttpRequest) -> str:
    """Return the search as part of an address, without the place in the list and empty fields."""
    asked = request.GET.copy()
    for name in [name for name, value in asked.items() if name in _PLACES or not value]:
        del asked[name]
    return asked.urlencode()


def _template(request: HttpRequest) -> str:
    """Name the part asked for. A page that is gone back to is whole again."""
    headers = request.headers
    if "HX-Request" not in headers or "HX-History-Restore-Request" in headers:
        return "registry/search.html"
    if headers.get("HX-Target") == "register-list":
        return "registry/search_list.html"
    return "registry/search_results.html"
