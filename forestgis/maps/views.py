"""Layer list, styles, legends, vector and raster tiles of the map page."""

from __future__ import annotations

import math

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from forestgis.maps import selectors
from forestgis.maps.access import map_alias, readable_layer, readable_layers, reader
from forestgis.maps.kept import STATE, kept_tile
from forestgis.maps.language import spoken
from forestgis.maps.pictures import raster_picture, raster_values
from forestgis.maps.revisions import revisions_for, state_of
from tiles.errors import TileAddressError
from tiles.layer import Layer
from tiles.raster.grid import WEB_MERCATOR
from tiles.style.legend import legend
from tiles.style.maplibre import style_json
from tiles.style.sld import CONTENT_TYPE as SLD_TYPE
from tiles.style.sld import sld
from tiles.vector import mvt


@require_safe
def layers_json(request: HttpRequest) -> JsonResponse:
    """List the reader's layers, topmost first, as a map's layer list shows them."""
    listed = [_listed(layer) for layer in reversed(readable_layers().values())]
    return JsonResponse({"layers": listed})


@require_safe
def style(request: HttpRequest) -> JsonResponse:
    """Give the MapLibre style of the reader's layers."""
    name = "forestgis"
    document = style_json(
        readable_layers().values(), lambda layer: _tile_address(request, layer), name
    )
    return JsonResponse(document)


@require_safe
def style_sld(request: HttpRequest, name: str) -> HttpResponse:
    """Give the style of a vector layer as SLD, for desktop programs that read the layer by WFS."""
    layer = readable_layer(name, raster=False)
    response = HttpResponse(sld(layer), content_type=SLD_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{layer.name}.sld"'
    return response


@require_safe
def legend_json(request: HttpRequest, name: str) -> JsonResponse:
    """Give the legend of a layer."""
    layers = readable_layers()
    if name not in layers:
        return JsonResponse({"error": "no_such_layer", "layer": name}, status=404)
    return JsonResponse(_listed(layers[name]))


@require_safe
def tile_json(request: HttpRequest, name: str) -> JsonResponse:
    """Describe a layer's vector tiles (TileJSON 3.0.0)."""
    layer = readable_layer(name, raster=False)
    return JsonResponse(
        {
            "tilejson": "3.0.0",
            "name": layer.title.ja,
            "tiles": [_tile_address(request, layer)],
            "minzoom": layer.minzoom,
            "maxzoom": layer.maxzoom,
            "attribution": layer.attribution.ja,
            "vector_layers": _tile_layers(layer),
        }
    )


@require_safe
def vector_tile(request: HttpRequest, name: str, z: int, x: int, y: int) -> HttpResponse:
    """Give one vector tile; an empty one is an empty body, never a 404."""
    layer = readable_layer(name, raster=False)
    try:
        mvt.check_address(z, x, y)
    except TileAddressError as error:
        return _no_tile(error)
    alias = map_alias()
    return kept_tile(
        request,
        layer,
        (z, x, y),
        lambda: selectors.vector_tile(layer, z, x, y, using=alias),
        mvt.CONTENT_TYPE,
    )


@require_safe
def raster(request: HttpRequest, name: str, z: int, x: int, y: int, ending: str) -> HttpResponse:
    """Give one raster tile in web Mercator; transparent where the reader has no product."""
    layer = readable_layer(name, raster=True)
    try:
        grid = WEB_MERCATOR.grid(z, x, y)
    except TileAddressError as error:
        return _no_tile(error)
    return raster_picture(request, layer, grid, ending)


@require_safe
def raster_value(request: HttpRequest, name: str) -> JsonResponse:
    """Give the values of a raster layer at `lon`, `lat` in degrees, one for each product, newest publication first."""
    layer = readable_layer(name, raster=True)
    try:
        place = float(request.GET["lon"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        place = math.nan, math.nan
    if not (abs(place[0]) <= 180 and abs(place[1]) < 86):
        message = "lon and lat are needed: degrees, for example lon=143.1&lat=44.2"
        return JsonResponse({"error": "bad_place", "message": message}, status=400)
    return JsonResponse({"layer": name, "values": raster_values(layer, (4326, *place))})


def _tile_layers(layer: Layer) -> list[dict[str, object]]:
    """Describe the layers inside a layer's tiles: its features, and the points where their labels stand."""
    common = {"minzoom": layer.minzoom, "maxzoom": layer.maxzoom}
    fields = {field.name: field.label.ja for field in layer.fields}
    described: list[dict[str, object]] = [
        {"id": layer.name, "description": layer.title.en, **common, "fields": fields}
    ]
    _, style = layer.vector
    if layer.label_layer and style.label:
        named = {style.label.field: fields[style.label.field]}
        described.append(
            {"id": layer.label_layer, "description": "Label points", **common, "fields": named}
        )
    return described


def _listed(layer: Layer) -> dict[str, object]:
    caution = layer.caution
    return {
        "name": layer.name,
        "title_ja": layer.title.ja,
        "title_en": layer.title.en,
        "group": spoken(layer.group),
        "group_ja": layer.group.ja,
        "group_en": layer.group.en,
        "kind": "raster" if layer.is_raster else "vector",
        "unit": layer.unit,
        "minzoom": layer.minzoom,
        "maxzoom": layer.maxzoom,
        "fields": [
            {
                "name": field.name,
                "label_ja": field.label.ja,
                "label_en": field.label.en,
                "unit": field.unit,
                "type": field.type.value,
                "decimals": field.decimals if field.type == "decimal" else None,
            }
            for field in layer.fields
        ],
        "legend": legend(layer),
        "attribution_ja": layer.attribution.ja,
        "attribution_en": layer.attribution.en,
        "caution_ja": caution.ja if caution else "",
        "caution_en": caution.en if caution else "",
        "visible": layer.visible,
    }


def _tile_address(request: HttpRequest, layer: Layer) -> str:
    """Return the absolute address template of a layer's tiles, braces left as they are.

    It names the state of what the reader may see, so that a browser may keep such a tile for good.
    """
    route = "maps:raster" if layer.is_raster else "maps:tile"
    ending = ("png",) if layer.is_raster else ()
    path = reverse(route, args=(layer.name, 0, 0, 0, *ending)).replace("/0/0/0.", "/{z}/{x}/{y}.")
    state = state_of(layer, reader(), revisions_for(request))
    return f"{request.build_absolute_uri('/').rstrip('/')}{path}?{STATE}={state}"


def _no_tile(error: TileAddressError) -> JsonResponse:
    return JsonResponse({"error": error.code, "message": str(error), **error.fields}, status=404)
