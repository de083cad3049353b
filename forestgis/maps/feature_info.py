"""GetFeatureInfo as HTML and GeoJSON: what the map server found, with types, labels and units of the declaration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from forestgis.maps import mapserver
from tiles.errors import MapServerError
from tiles.layer import Field, FieldType, Layer
from tiles.ogc.gate import WmsRequest

STRUCTURED = ("text/html", "application/json")
"""Formats that are made here; others are the map server's own."""


def answer(request: HttpRequest, admitted: WmsRequest, layers: Mapping[str, Layer]) -> HttpResponse:
    """Answer a GetFeatureInfo request, layer by layer in the order of QUERY_LAYERS.

    Raises
    ------
    MapServerError
        If the map server does not answer, or not with GeoJSON.
    """
    found: list[dict[str, Any]] = []
    for name in admitted.params["QUERY_LAYERS"].split(","):
        reply = mapserver.draw(request, admitted, QUERY_LAYERS=name, INFO_FORMAT="application/json")
        media = reply.headers.get("content-type", "")
        if not media.startswith("application/json"):
            # An exception report: a point outside of the map, for example.
            return HttpResponse(reply.body, content_type=media, status=reply.status)
        found += _features(layers[name], reply.body)
    if admitted.params["INFO_FORMAT"] == "text/html":
        rows = [_shown(layers[feature["layer"]], feature["properties"]) for feature in found]
        return render(request, "maps/feature_info.html", {"rows": rows})
    return JsonResponse({"type": "FeatureCollection", "features": found})


def _features(layer: Layer, document: bytes) -> Iterator[dict[str, Any]]:
    try:
        features = json.loads(document)["features"]
    except (ValueError, KeyError) as error:
        raise MapServerError(f"GetFeatureInfo of {layer.name} is not GeoJSON") from error
    for feature in features:
        properties = {
            field.name: _typed(field, feature["properties"].get(field.name))
            for field in layer.fields
        }
        yield {
            "type": "Feature",
            "layer": layer.name,
            "geometry": feature["geometry"],
            "properties": properties,
        }


def _typed(field: Field, text: str | None) -> str | int | float | bool | None:
    """Return the value that the map server wrote as text; it writes a missing one as an empty text."""
    if text is None or (text == "" and field.type is not FieldType.TEXT):
        return None
    if field.type is FieldType.INTEGER:
        return int(text)
    if field.type is FieldType.DECIMAL:
        return float(text)
    if field.type is FieldType.BOOLEAN:
        return text == "true"
    return text


def _shown(layer: Layer, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": layer.title.ja,
        "shown": [
            (field.label.ja, _text(field, properties[field.name]), field.unit)
            for field in layer.fields
        ],
    }


def _text(field: Field, value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if field.type is FieldType.BOOLEAN:
        return _("はい") if value else _("いいえ")
    return f"{value:.{field.decimals}f}" if field.type is FieldType.DECIMAL else str(value)
