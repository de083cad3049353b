"""The map page and the card of one 小班."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forestgis.notices.selectors import notices_of, treatments
from forestgis.parcels.selectors import parcels_in
from forestgis.registry.forms import SearchForm
from forestgis.registry.search_selectors import Found, on_map
from forestgis.surveys.domain.card import Card
from forestgis.surveys.selectors import card as card_of
from forestgis.tenancy import principal
from forestgis.web import selectors
from forestgis.web.map_config import map_config

MOST_AROUND = 10


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """Show the map, at first on what a search found, the run of `?run=`, or what is published at home."""
    who = principal.current()
    found = _found(request)
    points = found.points if found else []
    published = _bounds_of_run(request) or selectors.published_bounds(who)
    bounds = _around_points(points) or published or selectors.home_bounds(who)
    context = {
        "map_config": map_config(bounds, points),
        "nothing_published": published is None and found is None,
        "found": found,
        "query": _search(request).urlencode(),
    }
    return render(request, "web/map.html", context)


def _search(request: HttpRequest) -> QueryDict:
    """Return the search of the register in an address of the map."""
    asked = request.GET.copy()
    asked.pop("show", None)
    return asked


def _found(request: HttpRequest) -> Found | None:
    """Return what the search in the address found; None if it has none, or no valid one."""
    if request.GET.get("show") != "found":
        return None
    form = SearchForm(_search(request))
    return on_map(form.criteria(), form.cleaned_data["sort"]) if form.is_valid() else None


def _around_points(points: Sequence[tuple[float, float]]) -> selectors.Bounds | None:
    if not points:
        return None
    x, y = zip(*points, strict=True)
    return min(x), min(y), max(x), max(y)


def _bounds_of_run(request: HttpRequest) -> selectors.Bounds | None:
    """Return where the run lies that the address names, None if it names none that the reader may see."""
    try:
        run_id = UUID(request.GET.get("run", ""))
    except ValueError:
        return None
    return selectors.run_bounds(run_id)


@require_safe
def card(request: HttpRequest, key: str) -> HttpResponse:
    """Show the card of a 小班 or grid square: an HTML fragment, or JSON with `?format=json`."""
    found = card_of(key, principal.current())
    as_json = request.GET.get("format") == "json"
    if found is None:
        if as_json:
            return JsonResponse({"error": "no_such_place", "key": key}, status=404)
        raise Http404
    if as_json:
        return JsonResponse(found.to_dict(), json_dumps_params={"ensure_ascii": False})
    return render(request, "web/card.html", {"card": found} | _around(found))


def _around(card: Card) -> dict[str, object]:
    """Return what else is known of the 小班: notices, treatments, lots; the most recent and largest."""
    entry = card.register
    if entry is None:
        return {}
    place = entry.municipality_code, entry.keycode
    return {
        "notices": notices_of(*place)[:MOST_AROUND],
        "treatments": treatments(municipality=place[0], keycode=place[1])[:MOST_AROUND],
        "lots": parcels_in(place[0], entry.edition, place[1])[:MOST_AROUND],
    }
