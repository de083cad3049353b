"""GetFeature and GetPropertyValue: counted without reading, paged by key, written by the database."""

from __future__ import annotations

import itertools
import re
from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase
from gisserver.exceptions import wrap_filter_errors
from gisserver.operations import wfs20
from gisserver.operations.base import OutputFormat
from gisserver.output import DBGML32ValueRenderer
from gisserver.projection import FeatureProjection

from forestgis.maps.access import map_alias
from forestgis.maps.wfs.files import (
    Cp932ShapefileRenderer,
    GeoPackageRenderer,
    ShapefileRenderer,
)
from forestgis.maps.wfs.pages import Page, Pages
from forestgis.maps.wfs.renderers import CsvRenderer, GeoJsonRenderer, GmlRenderer

MAX_PAGE = 1_000_000
"""Features of one answer in GML, which states their number before the first; other formats have no limit."""


class GetFeature(wfs20.GetFeature):  # type: ignore[misc]
    """GetFeature with answers that the database writes."""

    def get_output_formats(self) -> list[OutputFormat]:
        """Return the formats; the first is the default."""
        return [
            OutputFormat(
                "application/gml+xml", version="3.2", renderer_class=GmlRenderer, title="GML"
            ),
            OutputFormat(
                "text/xml", subtype="gml/3.2.1", renderer_class=GmlRenderer, title="GML 3.2.1"
            ),
            OutputFormat(
                "application/json",
                subtype="geojson",
                charset="utf-8",
                renderer_class=GeoJsonRenderer,
                title="GeoJSON",
            ),
            OutputFormat("geojson", renderer_class=GeoJsonRenderer),
            OutputFormat(
                "text/csv",
                subtype="csv",
                charset="utf-8",
                renderer_class=CsvRenderer,
                title="CSV",
            ),
            OutputFormat(
                "application/geopackage+sqlite3",
                subtype="gpkg",
                renderer_class=GeoPackageRenderer,
                title="GeoPackage",
            ),
            OutputFormat("shape-zip", renderer_class=ShapefileRenderer, title="Shapefile (UTF-8)"),
            OutputFormat(
                "shape-zip-cp932", renderer_class=Cp932ShapefileRenderer, title="Shapefile (CP932)"
            ),
        ]

    def get_pagination(self) -> tuple[int, int]:
        """Return first row and number of rows: a page unless more is asked for."""
        start, count = super().get_pagination()
        asked = self.ows_request.count
        return start, min(asked, MAX_PAGE) if asked else count

    def get_results(self) -> Pages:
        """Return the pages asked for, nothing read yet."""
        start, count = self.get_pagination()
        return Pages(
            [self._page(query, start, start + count) for query in self.ows_request.queries]
        )

    def get_hits(self) -> Pages:
        """Return pages that are counted and never read."""
        start, count = self.get_pagination()
        pages = []
        for query in self.ows_request.queries:
            page = self._page(query, start, start + count)
            with wrap_filter_errors(query), transaction.atomic(using=page.queryset.db):
                matched = page.queryset.order_by().count()
            pages.append(self._page(query, start, start + count, number_matched=matched))
        return Pages(pages)

    @staticmethod
    def _page(query: Any, start: int, stop: int, **known: int) -> Page:  # noqa: ANN401
        with wrap_filter_errors(query):
            queryset = query.get_queryset()
        return Page(
            source_query=query,
            feature_types=query.feature_types,
            queryset=queryset,
            start=start,
            stop=stop,
            **known,
        )


class GmlValueRenderer(DBGML32ValueRenderer):  # type: ignore[misc]
    """Property values in GML 3.2, each part of a geometry with the gml:id that it must have; PostGIS writes none."""

    _part = re.compile(r"<gml:(?:Polygon|LineString|Curve|Surface|Point)(?=[ >])(?![^>]*gml:id=)")

    def render_gml_value(
        self, projection: FeatureProjection, gml_id: str, value: str, extra_xmlns: str = ""
    ) -> str:
        """Return the geometry with ids derived from that of the whole."""
        whole = super().render_gml_value(projection, gml_id, value, extra_xmlns)
        number = itertools.count(1)
        return self._part.sub(lambda found: f'{found[0]} gml:id="{gml_id}.{next(number)}"', whole)


class GetPropertyValue(wfs20.GetPropertyValue):  # type: ignore[misc]
    """GetPropertyValue, read whole before the transaction that carries the principal ends."""

    def get_output_formats(self) -> list[OutputFormat]:
        """Return the base formats with our renderer."""
        formats = super().get_output_formats()
        for entry in formats:
            entry.renderer_class = GmlValueRenderer
        return list(formats)

    def process_request(self, ows_request: Any) -> HttpResponseBase:  # noqa: ANN401
        """Answer from memory: a page of values is small."""
        with transaction.atomic(using=map_alias()):
            response: HttpResponseBase = super().process_request(ows_request)
            if response.streaming:
                response.streaming_content = [b"".join(response)]  # type: ignore[attr-defined]
        return response


OPERATIONS = {"GetFeature": GetFeature, "GetPropertyValue": GetPropertyValue}
