"""Pictures of raster layers as answers, for every protocol that asks for tiles."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from forestgis.maps import selectors
from forestgis.maps.access import map_alias
from forestgis.maps.kept import kept_tile
from tiles.layer import Layer
from tiles.raster.grid import Grid
from tiles.raster.sample import opened, value_at
from tiles.raster.tile import FORMATS, picture


def raster_picture(request: HttpRequest, layer: Layer, grid: Grid, ending: str) -> HttpResponse:
    """Answer with the picture of a raster layer at a place, from the products that the reader may see."""
    place = (grid.epsg, *grid.bounds, ending)
    return kept_tile(request, layer, place, lambda: _drawn(layer, grid, ending), FORMATS[ending])


def raster_values(layer: Layer, place: tuple[int, float, float]) -> list[dict[str, object]]:
    """Return the value of each product at a place that the reader may see, the newest publication first.

    Parameters
    ----------
    place : tuple
        EPSG code, easting or longitude, northing or latitude.
    """
    epsg, x, y = place
    alias = map_alias()
    with transaction.atomic(using=alias):
        products = selectors.products_at(layer, Grid(epsg, (x, y, x, y)), using=alias)
    found = ((product, value_at(opened(product.file), epsg, x, y)) for product in products)
    return [
        {
            "value": value,
            "unit": layer.unit,
            "run": product.run,
            "published_on": product.published_on,
        }
        for product, value in found
        if value is not None
    ]


def _drawn(layer: Layer, grid: Grid, ending: str) -> bytes:
    alias = map_alias()
    with transaction.atomic(using=alias):
        products = selectors.products_at(layer, grid, using=alias)
    return picture(layer, [product.file for product in products], grid, ending)
