"""What every address of this app asks first: who reads, which layers are theirs, over which database role."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.http import Http404

from forestgis.maps import catalogue, selectors
from forestgis.maps.catalogue.common import HOKKAIDO
from forestgis.tenancy.principal import Principal, current
from tiles.layer import Bounds, Layer


def readable_layers() -> dict[str, Layer]:
    """Return the layers that the current principal may use, by name, bottom first."""
    return {layer.name: layer for layer in catalogue.open_to(reader().kind)}


def readable_layer(name: str, *, raster: bool) -> Layer:
    """Return one of them.

    Raises
    ------
    Http404
        If there is no such layer of that kind for this reader.
    """
    layer = catalogue.BY_NAME.get(name)
    if layer is None or layer.is_raster != raster or not layer.sharing.open_to(reader().kind):
        kind = "raster" if raster else "vector"
        raise Http404(f"no {kind} layer {name!r}")
    return layer


def layer_bounds(layers: Mapping[str, Layer]) -> dict[str, Bounds]:
    """Return the extent of each layer, in degrees, as its reader may know it.

    A layer of surveys ends where the published surveys do that the reader may see, so that clients ask for maps there
    wherever that is; it is Hokkaido as long as there are none.
    """
    alias = map_alias()
    with transaction.atomic(using=alias):
        surveyed = selectors.surveyed_bounds(using=alias) or HOKKAIDO
    return {name: layer.bounds or surveyed for name, layer in layers.items()}


def reader() -> Principal:
    """Return the principal of the request; one that sees public rows alone where none is set."""
    return current()


def map_alias() -> str:
    """Return the database alias whose role this reader's map queries run under.

    The prefecture's own role has policies that are plainly true, which keeps the spatial index in use.
    """
    return "map_prefecture" if reader().kind == "prefecture" else "map"
