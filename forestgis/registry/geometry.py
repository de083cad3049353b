"""Geometry between shapely, in which things are computed, and GeoDjango, which stores them."""

from __future__ import annotations

import shapely
from django.contrib.gis.geos import GEOSGeometry
from shapely.geometry.base import BaseGeometry

from forestgis.registry.models import GEOGRAPHIC_SRID


def to_geos(geom: BaseGeometry, srid: int = GEOGRAPHIC_SRID) -> GEOSGeometry:
    """Bring a shapely geometry to GeoDjango, by WKB so that no digit is lost."""
    return GEOSGeometry(memoryview(shapely.to_wkb(geom)), srid=srid)


def to_shapely(geom: GEOSGeometry) -> BaseGeometry:
    """Bring a GeoDjango geometry to shapely."""
    return shapely.from_wkb(bytes(geom.wkb))
