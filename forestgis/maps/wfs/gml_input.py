"""GML that clients send and django-gisserver does not take."""

from __future__ import annotations

from xml.etree.ElementTree import tostring

from django.contrib.gis.gdal import AxisOrder
from django.contrib.gis.geos import GEOSGeometry
from gisserver.crs import CRS
from gisserver.parsers.ast import tag_registry
from gisserver.parsers.gml.geometries import GEOSGMLGeometry
from gisserver.parsers.xml import NSElement, xmlns


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


_GML = f"{{{xmlns.gml32.value}}}"
tag_registry.parsers[f"{_GML}Envelope"] = Envelope
for _kind in ("Curve", "Surface"):  # read by the same parser as LineString and Polygon
    tag_registry.parsers[f"{_GML}{_kind}"] = GEOSGMLGeometry
