"""GetFeature as a file: GeoPackage, and shapefile in a ZIP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from django.http import FileResponse
from django.http.response import HttpResponseBase
from gisserver.exceptions import OperationNotSupported, wrap_filter_errors
from gisserver.output import CollectionOutputRenderer

from forestgis.maps.wfs.pages import Page
from forestgis.tenancy.stream import Row, stream_batches
from tiles.features import files
from tiles.layer import Field
from tiles.ogc.crs import CRS84, Crs, named

Batches = Iterator[list[Row]]


class FileRenderer(CollectionOutputRenderer):  # type: ignore[misc]
    """Writes a file in batches and sends it; nothing of it stays."""

    max_page_size = inf
    suffix: ClassVar[str]

    def apply_projection(self) -> None:
        """Leave the query alone: its columns are chosen with the statement."""

    def get_response(self) -> HttpResponseBase:
        """Return the file; what the database refuses is an exception report."""
        if len(self.collection.results) > 1:
            raise OperationNotSupported("A file holds one feature type", locator="typeNames")
        [page] = self.collection.results
        with TemporaryDirectory() as folder, wrap_filter_errors(page.source_query):
            path = self.write(Path(folder), page)
            content = path.open("rb")  # stays readable when the folder has gone
        return FileResponse(
            content,
            as_attachment=True,
            filename=f"{page.layer.name}{self.suffix}",
            content_type=self.content_type,
        )

    def write(self, folder: Path, page: Page) -> Path:
        """Write the file into an empty folder and return its path."""
        raise NotImplementedError

    @staticmethod
    def content(page: Page) -> tuple[list[Field], Crs, Batches]:
        """Return the fields asked for, the system, and the rows."""
        fields = list(page.layer.fields)
        if page.projection.property_names:
            asked = {element.name for element in page.projection.xsd_root_elements}
            fields = [field for field in fields if field.name in asked]
        crs = named(page.projection.output_crs.urn) or CRS84
        return fields, crs, _rows(page, fields, crs)


def _rows(page: Page, fields: Sequence[Field], crs: Crs) -> Batches:
    statement = page.columns(fields, crs)
    if statement is not None:
        yield from stream_batches(*statement, using=page.queryset.db, chunk=files.BATCH)


class GeoPackageRenderer(FileRenderer):
    """GeoPackage of one layer."""

    content_type = "application/geopackage+sqlite3"
    suffix = ".gpkg"

    def write(self, folder: Path, page: Page) -> Path:
        """Write the GeoPackage."""
        path = folder / f"{page.layer.name}.gpkg"
        files.geopackage(path, page.layer, *self.content(page))
        return path


class ShapefileRenderer(FileRenderer):
    """Shapefile in a ZIP, text in UTF-8."""

    content_type = "application/zip"
    suffix = ".zip"
    encoding: ClassVar[str] = "UTF-8"

    def write(self, folder: Path, page: Page) -> Path:
        """Write shapefile and archive."""
        return files.shapefile(folder, page.layer, *self.content(page), encoding=self.encoding)


class Cp932ShapefileRenderer(ShapefileRenderer):
    """The same with text in the encoding that Japanese desktop programs expect."""

    encoding = "CP932"
