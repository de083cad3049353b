"""Areas of 小班 in the plane-rectangular zone of their municipality."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain.zones import epsg_of_zone

GEOGRAPHIC_EPSG = 6668
_HECTARE_M2 = 10_000
_FOUR_PLACES = Decimal("0.0001")


def area_ha(geometry: BaseGeometry, zone: int) -> Decimal:
    """Area in hectares, four decimals, in the plane-rectangular zone.

    Parameters
    ----------
    geometry : shapely geometry
        Longitude, latitude in degrees (EPSG:6668).
    zone : int
        11, 12 or 13: the municipality's own.
    """
    projected = reprojected(geometry, GEOGRAPHIC_EPSG, epsg_of_zone(zone))
    return Decimal(repr(projected.area / _HECTARE_M2)).quantize(_FOUR_PLACES)


def reprojected(geometry: BaseGeometry, source_epsg: int, target_epsg: int) -> BaseGeometry:
    """Return the geometry in another CRS; x is longitude or easting in both."""
    (projected,) = reprojected_all(np.array([geometry], dtype=object), source_epsg, target_epsg)
    return projected  # type: ignore[no-any-return]  # an element of an object array


def reprojected_all(
    geometries: NDArray[np.object_], source_epsg: int, target_epsg: int
) -> NDArray[np.object_]:
    """Return geometries in another CRS, all in one go; x is longitude or easting in both."""
    if source_epsg == target_epsg:
        return geometries
    transformer = _transformer(source_epsg, target_epsg)

    def project(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return np.asarray(shapely.transform(geometries, project), dtype=object)


_EARTH_RADIUS_M = 6_378_137.0


def web_mercator(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return geometries of EPSG:6668 in EPSG:3857, by its formula (EPSG method 1024).

    JGD2011 and WGS 84 are one and the same here, as in PROJ.
    """

    def project(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        radians = np.radians(degrees)
        north = np.arctanh(np.sin(radians[:, 1]))
        return _EARTH_RADIUS_M * np.column_stack((radians[:, 0], north))

    return np.asarray(shapely.transform(geometries, project), dtype=object)


@cache
def _transformer(source_epsg: int, target_epsg: int) -> Transformer:
    return Transformer.from_crs(source_epsg, target_epsg, always_xy=True)
