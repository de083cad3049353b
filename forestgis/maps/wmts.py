"""WMTS 1.0.0 over the raster layers: by parameters, and by paths."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from forestgis.maps.access import layer_bounds, readable_layers
from forestgis.maps.mapserver import TITLE
from forestgis.maps.pictures import raster_picture, raster_values
from tiles.errors import OgcError, TileAddressError
from tiles.layer import Layer
from tiles.ogc import wmts
from tiles.raster.grid import MATRIX_SETS, Grid

_XML = "application/xml"


def _rasters() -> dict[str, Layer]:
    return {name: layer for name, layer in readable_layers().items() if layer.is_raster}


def _reported(answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the answer, or the standard's report of what is wrong with the request."""
    try:
        return answer()
    except TileAddressError as error:
        wrong = OgcError(str(error), ogc_code="TileOutOfRange", locator="TileMatrix")
    except OgcError as error:
        wrong = error
    return HttpResponse(wmts.exception_report(wrong), content_type=_XML, status=400)


@require_safe
def service(request: HttpRequest) -> HttpResponse:
    """Answer a request that is written in parameters."""
    return _reported(lambda: _by_parameters(request))


def _by_parameters(request: HttpRequest) -> HttpResponse:
    layers = _rasters()
    asked = wmts.request_of(((name, str(value)) for name, value in request.GET.items()), layers)
    if asked is None:
        return capabilities(request)
    grid = asked.matrix_set.grid(asked.zoom, asked.column, asked.row)
    layer = layers[asked.layer]
    if asked.pixel is not None:
        return JsonResponse({"values": raster_values(layer, _middle(grid, *asked.pixel))})
    return raster_picture(request, layer, grid, asked.ending)


def _middle(grid: Grid, i: int, j: int) -> tuple[int, float, float]:
    """Return CRS, easting and northing of the middle of a pixel."""
    left, _, right, top = grid.bounds
    pixel = (right - left) / grid.size_px
    return grid.epsg, left + (i + 0.5) * pixel, top - (j + 0.5) * pixel


@require_safe
def capabilities(request: HttpRequest) -> HttpResponse:
    """Describe the reader's raster layers and the tile matrix sets."""
    layers = _rasters()
    bounds = layer_bounds(layers)
    address = request.build_absolute_uri(reverse("maps:wmts"))
    document = wmts.capabilities(
        TITLE, address, {layer: bounds[name] for name, layer in layers.items()}
    )
    return HttpResponse(document, content_type=_XML)


@require_safe
def tile(
    request: HttpRequest, name: str, matrix_set: str, z: int, row: int, column: int, ending: str
) -> HttpResponse:
    """Answer with the tile of a path."""
    return _reported(lambda: _by_path(request, name, matrix_set, (z, column, row), ending))


def _by_path(
    request: HttpRequest, name: str, matrix_set: str, address: tuple[int, int, int], ending: str
) -> HttpResponse:
    layer, matrices = _rasters().get(name), MATRIX_SETS.get(matrix_set)
    if layer is None or matrices is None:
        unknown = "LAYER" if layer is None else "TILEMATRIXSET"
        raise OgcError(f"{unknown}: not known", ogc_code="InvalidParameterValue", locator=unknown)
    return raster_picture(request, layer, matrices.grid(*address), ending)
