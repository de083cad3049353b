"""The page of one 小班: what the register says in each year, LiDAR beside it, and every change."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from forestgis.registry import records, selectors
from forestgis.registry.records import Record
from forestgis.tenancy.principal import current


def opened(municipality: str, edition: int, keycode: str) -> Record:
    """Return the record, or answer 404 if the reader sees none."""
    found = records.record(municipality, edition, keycode)
    if found is None:
        raise Http404
    return found


@require_safe
def show(request: HttpRequest, municipality: str, edition: int, keycode: str) -> HttpResponse:
    """Show the record."""
    record = opened(municipality, edition, keycode)
    sub = record.subcompartment
    context: dict[str, Any] = {
        "sub": sub,
        "years": selectors.entries([sub, *records.other_editions(sub)]),
        "history": records.history(record),
        "may_write": current().may_write_for(municipality),
        "is_current": records.is_current(sub),
    }
    return render(request, "registry/record.html", context)


@require_safe
def on_map(request: HttpRequest, municipality: str, edition: int, keycode: str) -> HttpResponse:
    """Send the reader to the map, with the 小班 in its middle and its card open."""
    place = selectors.middle_of(municipality, edition, keycode)
    if place is None:
        raise Http404
    longitude, latitude = place
    view = f"map=15/{latitude:.5f}/{longitude:.5f}"
    layers = "on=municipality,compartment,subcompartment"
    return redirect(f"{reverse('web:map')}#{view}&{layers}&card={keycode}")
