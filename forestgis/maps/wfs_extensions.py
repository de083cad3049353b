"""What django-gisserver does differently from what our clients need."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import tostring

from django.contrib.gis.gdal import AxisOrder
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import QuerySet
from gisserver.crs import CRS, CRS84
from gisserver.operations import wfs20
from gisserver.operations.base import OutputFormat
from gisserver.output import DBGeoJsonRenderer, DBGML32Renderer, DBGML32ValueRenderer
from gisserver.parsers.ast import tag_registry
from gisserver.parsers.gml.geometries import GEOSGMLGeometry
from gisserver.parsers.xml import NSElement, xmlns
from gisserver.projection import FeatureProjection


class Envelope(GEOSGMLGeometry):  # type: ignore[misc]
    """A gml:Envelope that may leave out srsName, as GDAL's does: then it is in the layer's own system."""

    @classmethod
    def from_xml(cls, element: NSElement) -> GEOSGMLGeometry:
        """Parse the element; the missing system is filled in when the query knows its feature type."""
        if "srsName" in element.attrib:
            return super().from_xml(element)
        box = GEOSGeometry.from_gml(tostring(element, encoding="unicode"))
        CRS.tag_geometry(box, axis_order=AxisOrder.AUTHORITY)
        return cls(srs=None, geos_data=box)


tag_registry.parsers[f"{{{xmlns.gml32.value}}}Envelope"] = Envelope


class GeoJsonRenderer(DBGeoJsonRenderer):  # type: ignore[misc]
    """GeoJSON with numbers as numbers, in CRS84 unless another system is asked for (RFC 7946, 4)."""

    def decorate_queryset(
        self, projection: FeatureProjection, queryset: QuerySet[Any]
    ) -> QuerySet[Any]:
        """Choose the coordinate system before the database is asked to write in it."""
        queries = self.operation.ows_request.queries
        if not any(getattr(query, "srsName", None) for query in queries):
            projection.output_crs = CRS84
        decorated: QuerySet[Any] = super().decorate_queryset(projection, queryset)
        return decorated

    def _format_geojson_value(self, value: object) -> object:
        # The nearest double prints as the same digits; the base class would write a text.
        if isinstance(value, Decimal):
            return float(value)
        return super()._format_geojson_value(value)


class _PartIds:
    """Gives every part of a geometry the gml:id that GML 3.2 requires; PostGIS writes none."""

    _part = re.compile(r"<gml:(?:Polygon|LineString|Curve|Surface|Point)(?=[ >])(?![^>]*gml:id=)")

    def render_gml_value(
        self, projection: FeatureProjection, gml_id: str, value: str, extra_xmlns: str = ""
    ) -> str:
        """Return the geometry with ids derived from that of the whole."""
        whole = super().render_gml_value(projection, gml_id, value, extra_xmlns)  # type: ignore[misc]
        number = itertools.count(1)
        return self._part.sub(lambda found: f'{found[0]} gml:id="{gml_id}.{next(number)}"', whole)


class Gml32Renderer(_PartIds, DBGML32Renderer):  # type: ignore[misc]
    """GML 3.2 that validates."""


class Gml32ValueRenderer(_PartIds, DBGML32ValueRenderer):  # type: ignore[misc]
    """Property values in GML 3.2 that validate."""


_RENDERERS = {
    DBGeoJsonRenderer: GeoJsonRenderer,
    DBGML32Renderer: Gml32Renderer,
    DBGML32ValueRenderer: Gml32ValueRenderer,
}


def _replaced(formats: list[OutputFormat]) -> list[OutputFormat]:
    for entry in formats:
        entry.renderer_class = _RENDERERS.get(entry.renderer_class, entry.renderer_class)
    return formats


class GetFeature(wfs20.GetFeature):  # type: ignore[misc]
    """GetFeature with the renderers above."""

    def get_output_formats(self) -> list[OutputFormat]:
        """Return the base formats, renderers replaced."""
        return _replaced(super().get_output_formats())


class GetPropertyValue(wfs20.GetPropertyValue):  # type: ignore[misc]
    """GetPropertyValue with the renderers above."""

    def get_output_formats(self) -> list[OutputFormat]:
        """Return the base formats, renderers replaced."""
        return _replaced(super().get_output_formats())


OPERATIONS = {"GetFeature": GetFeature, "GetPropertyValue": GetPropertyValue}
