"""The layers of the service, one declaration each. Every protocol reads this list; adding a layer is adding to it.

The order is the drawing order, bottom first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from forestgis.maps.catalogue import (
    bounds,
    notices,
    parcels,
    rasters,
    register,
    roads,
    surveys,
    volume,
)
from tiles.layer import Layer

LAYERS: tuple[Layer, ...] = (
    rasters.HILLSHADE,
    rasters.CS_MAP,
    rasters.SLOPE,
    rasters.CANOPY_HEIGHT,
    rasters.CONIFER,
    rasters.HARDWOOD,
    volume.MESH,
    register.SUBCOMPARTMENT,
    volume.CONIFER,
    surveys.REGISTER_DIFFERENCE,
    volume.HARDWOOD,
    notices.TREATMENT,
    notices.FELLING_NOTICE,
    parcels.PARCEL,
    surveys.EXTENT,
    bounds.MUNICIPALITY,
    register.COMPARTMENT,
    roads.ROAD,
)

BY_NAME: Mapping[str, Layer] = MappingProxyType({layer.name: layer for layer in LAYERS})


def open_to(kind: str) -> tuple[Layer, ...]:
    """Return the layers that a principal of this kind may use, bottom first."""
    return tuple(layer for layer in LAYERS if layer.sharing.open_to(kind))
