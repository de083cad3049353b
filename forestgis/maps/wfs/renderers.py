"""What GetFeature answers, written by the database and sent as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import chain
from math import inf
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from gisserver.exceptions import NotFound, wrap_filter_errors
from gisserver.output import CollectionOutputRenderer, GML32Renderer
from gisserver.output.utils import attr_escape
from gisserver.parsers.xml import xmlns

from forestgis.maps.features import CHUNK
from forestgis.maps.streaming import Chunks, streamed
from forestgis.maps.wfs.pages import Page
from forestgis.tenancy.principal import acting_as, current
from forestgis.tenancy.stream import stream_batches
from tiles.features.documents import feature_collection
from tiles.features.rows import PREFIX, RowWriter, csv_row, geojson_row_named, gml_row, members_of
from tiles.ogc.crs import CRS84, Crs, named


class StreamedRenderer(CollectionOutputRenderer):  # type: ignore[misc]
    """Frames the rows that the database has written; the subclass knows the frame."""

    write: ClassVar[RowWriter]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.principal = current()

    def apply_projection(self) -> None:
        """Leave the query alone: what to write of a row is part of the statement that asks for it."""

    def get_response(self) -> HttpResponseBase:
        """Return the answer as a stream; what the database refuses is an exception report."""
        with wrap_filter_errors(self.collection.results[0].source_query):
            return streamed(self.render_stream(), self.content_type, self.get_headers())

    def render_stream(self) -> Chunks:
        """Yield the document in chunks."""
        raise NotImplementedError

    def crs(self, page: Page) -> Crs:
        """Return the system that coordinates are asked for in."""
        asked = page.projection.output_crs
        known = named(asked.urn) or CRS84
        return replace(known, north_first=known.north_first and not asked.force_xy)

    def members(self, page: Page) -> list[str]:
        """Return what is asked for of each feature."""
        projection = page.projection
        if not projection.property_names:
            return list(members_of(page.layer))
        return [element.name for element in projection.xsd_root_elements]

    def batches(self, page: Page) -> Iterator[list[str]]:
        """Yield the rows of a page."""
        statement = page.statement(type(self).write, self.members(page), self.crs(page))
        if statement is not None:
            for rows in stream_batches(
                *statement, using=page.queryset.db, chunk=CHUNK, principal=self.principal
            ):
                yield [text for (text,) in rows]


class GmlRenderer(StreamedRenderer, GML32Renderer):  # type: ignore[misc]
    """GML 3.2 in a wfs:FeatureCollection."""

    write = staticmethod(gml_row)

    def get_response(self) -> HttpResponseBase:
        """Return the collection, or the one feature that GetFeatureById asks for."""
        pages = self.collection.results
        if pages and pages[0].projection.output_standalone:
            return self._feature(pages[0])
        return super(GML32Renderer, self).get_response() if not pages else super().get_response()

    def render_stream(self) -> Chunks:
        """Yield the collection; one of several queries holds a collection of each."""
        self.output = StringIO()  # what a fault in the middle is reported behind
        yield self._head().encode()
        pages = self.collection.results if self.collection.number_returned else []
        for page in pages:
            if len(self.collection.results) > 1:
                yield self._opening(page).encode()
            yield from self._rows(page)
            if len(self.collection.results) > 1:
                yield b"</wfs:FeatureCollection></wfs:member>\n"
        yield b"</wfs:FeatureCollection>\n"

    def _rows(self, page: Page) -> Iterator[bytes]:
        for texts in self.batches(page):
            members = "</wfs:member>\n<wfs:member>".join(texts)
            yield f"<wfs:member>{members}</wfs:member>\n".encode()

    def _head(self) -> str:
        collection = self.collection
        links = {"next": collection.next, "previous": collection.previous}
        attributes = "".join(f' {name}="{attr_escape(url)}"' for name, url in links.items() if url)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<wfs:FeatureCollection {self.render_xmlns_attributes()}"
            f' xsi:schemaLocation="{attr_escape(self.render_xsi_schema_location())}"'
            f"{self._counts(collection.number_matched, collection.number_returned)}{attributes}>\n"
        )

    def _opening(self, page: Page) -> str:
        counts = self._counts(page.number_matched, page.number_returned)
        return f"<wfs:member><wfs:FeatureCollection{counts}>\n"

    def _counts(self, matched: int | None, returned: int) -> str:
        known = "unknown" if matched is None else matched
        stamp = self.collection.timestamp
        return f' timeStamp="{stamp}" numberMatched="{known}" numberReturned="{returned}"'

    def _feature(self, page: Page) -> HttpResponse:
        with wrap_filter_errors(page.source_query), transaction.atomic(using=page.queryset.db):
            texts = [text for batch in self.batches(page) for text in batch]
        if not texts:
            raise NotFound("Feature not found.")
        self.app_namespaces.pop(xmlns.wfs20.value)
        element = f"<{PREFIX}:{page.layer.name} "
        document = texts[0].replace(element, f"{element}{self.render_xmlns_attributes()} ", 1)
        return HttpResponse(
            f'<?xml version="1.0" encoding="UTF-8"?>\n{document}', content_type=self.content_type
        )


class GeoJsonRenderer(StreamedRenderer):
    """GeoJSON, in CRS84 unless another system is asked for (RFC 7946, 4), easting first in any."""

    content_type = "application/geo+json; charset=utf-8"
    content_disposition = 'inline; filename="{typenames} {page} {date}.geojson"'
    max_page_size = inf
    write = staticmethod(geojson_row_named)

    def crs(self, page: Page) -> Crs:
        """Return the system that is asked for, CRS84 if none is."""
        asked = getattr(page.source_query, "srsName", None)
        return CRS84 if asked is None else replace(super().crs(page), north_first=False)

    def members(self, page: Page) -> list[str]:
        """Return what is asked for; a feature always has its geometry."""
        source, _ = page.layer.vector
        asked = [name for name in super().members(page) if name != "boundedBy"]
        return asked if source.geom in asked else [source.geom, *asked]

    def render_stream(self) -> Chunks:
        """Yield one collection of the features of all queries; counts and links at its end, when they are known."""
        crs = self.crs(self.collection.results[0])
        head: dict[str, object] = {"timeStamp": self.collection.timestamp}
        if crs is not CRS84:
            head["crs"] = {"type": "name", "properties": {"name": crs.urn}}
        texts = chain.from_iterable(map(self.batches, self.collection.results))
        yield from feature_collection(head, texts, self._tail)

    def _tail(self, returned: int) -> dict[str, object | None]:
        collection = self.collection
        whole = all(page.stop == inf and not page.start for page in collection.results)
        links = {"next": collection.next, "previous": collection.previous}
        with acting_as(self.principal):  # the request is over
            matched = returned if whole else collection.number_matched
        return {
            "links": [
                {"href": url, "rel": rel, "type": "application/geo+json"}
                for rel, url in links.items()
                if url
            ],
            "numberReturned": returned,
            "numberMatched": matched,
        }


class CsvRenderer(StreamedRenderer):
    """CSV (RFC 4180) with a header; geometry as well-known text, easting first."""

    content_type = "text/csv; charset=utf-8; header=present"
    content_disposition = 'attachment; filename="{typenames} {page} {date}.csv"'
    max_page_size = inf
    write = staticmethod(csv_row)

    def render_stream(self) -> Chunks:
        """Yield a table for each query, an empty line between two."""
        for number, page in enumerate(self.collection.results):
            header = ",".join(["id", *self.members(page)])
            yield ("\r\n" if number else "").encode() + f"{header}\r\n".encode()
            for texts in self.batches(page):
                yield "".join(texts).encode()
