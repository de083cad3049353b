"""Pictures of raster layers as answers, for every protocol that asks for tiles."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from forestgis.maps import selectors
from forestgis.maps.access import map_alias
from forestgis.maps.kept import kept_tile
from tiles.layer import Layer
from tiles.raster.grid import Grid
from tiles.raster.tile import FORMATS, picture


def raster_picture(request: HttpRequest, layer: Layer, grid: Grid, ending: str) -> HttpResponse:
    """Answer with the picture of a raster layer at a place, from the products that the reader may see."""
    place = (grid.epsg, *grid.bounds, ending)
    return kept_tile(request, layer, place, lambda: _drawn(layer, grid, ending), FORMATS[ending])


def _drawn(layer: Layer, grid: Grid, ending: str) -> bytes:
    alias = map_alias()
    with transaction.atomic(using=alias):
        files = selectors.product_files(layer, grid, using=alias)
    return picture(layer, files, grid, ending)
