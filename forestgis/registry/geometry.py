"""Geometry between shapely, in which things are computed, and GeoDjango, which stores them."""

from __future__ import annotations

from typing import overload

import shapely
from django.contrib.gis import geos
from shapely.geometry import MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from forestgis.registry.models import GEOGRAPHIC_SRID


@overload
def to_geos(geom: Polygon, srid: int = ...) -> geos.Polygon: ...
@overload
def to_geos(geom: MultiPolygon, srid: int = ...) -> geos.MultiPolygon: ...
@overload
def to_geos(geom: MultiLineString, srid: int = ...) -> geos.MultiLineString: ...
def to_geos(geom: BaseGeometry, srid: int = GEOGRAPHIC_SRID) -> geos.GEOSGeometry:
    """Bring a shapely geometry to GeoDjango, by WKB so that no digit is lost."""
    return geos.GEOSGeometry(memoryview(shapely.to_wkb(geom)), srid=srid)


def to_shapely(geom: geos.GEOSGeometry) -> BaseGeometry:
    """Bring a GeoDjango geometry to shapely."""
    return shapely.from_wkb(bytes(geom.wkb))
