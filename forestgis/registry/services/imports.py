"""Importing an edition of the register: look at the files first, then store all of it or nothing."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from forestgis.registry import edition_selectors, selectors
from forestgis.registry.domain.faults import RefusedError
from forestgis.registry.domain.report import ImportReport
from forestgis.registry.geometry import to_shapely
from forestgis.registry.imports import package as packages
from forestgis.registry.imports import register
from forestgis.registry.imports.register import RegisterFiles
from forestgis.registry.models import Edition, Municipality
from forestgis.registry.services import staging
from forestgis.registry.services.editions import make_current
from forestgis.registry.services.staging import Progress
from forestgis.registry.services.summaries import summarised_once

# Any number that no other lock of the service takes.
_LOCK = 7_315_003


def _silent(done: int, total: int, stage: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an edition comes from: a file, and its name as the user knows it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How an import is to be done.

    Attributes
    ----------
    epsg : int or None
        CRS to assume when the polygons' file names none.
    mapping : mapping
        Field to heading (`forestgis.registry.imports.stands.FIELDS`, and `polygon_keycode`), for other headings than the
        published ones.
    dry_run : bool
        Report only; nothing is stored.
    use : bool or None
        Whether maps and searches go over to this edition. None: they do if the municipality
        has no newer one in use.
    on_progress : callable
        ``on_progress(done, total, stage)``, with the stages read, check, stage, store.
    """

    epsg: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = True
    use: bool | None = None
    on_progress: Progress = _silent


def import_files(
    *,
    municipality: Municipality,
    edition: int,
    path: Path,
    rows: Path | None = None,
    source_name: str = "",
    terms: Terms,
) -> ImportReport:
    """Import a register as published: a ZIP of 小班 and 調査簿, or vector file and table one by one.

    The edition of that year becomes what the files hold: rows that did not change keep their
    keys and their history. Other editions stay as they are. Readers see the old edition until
    all is stored, and a process that dies leaves it untouched.

    Parameters
    ----------
    municipality : Municipality
        Whose register it is; its zone measures the areas.
    edition : int
        年度.
    path : Path
        ZIP, GeoPackage, GeoJSON or shapefile.
    rows : Path, optional
        調査簿 as XLSX or CSV, where it comes beside `path` and not in it.
    source_name : str
        Name of the file as the user knows it, where `path` is another.
    terms : Terms

    Returns
    -------
    ImportReport
        `stored` is True only when all was stored; with any refusing fault
        nothing is.
    """
    with tempfile.TemporaryDirectory(prefix="register-") as folder:
        try:
            package = packages.opened(path, Path(folder), rows=rows, epsg=terms.epsg)
        except RefusedError as error:
            return ImportReport(municipality.code, edition, faults=error.faults)
        source = Source(path, source_name or path.name)
        return _import(municipality, edition, package, source, terms)


def import_register(
    *,
    municipality: Municipality,
    edition: int,
    polygons: Path,
    rows: Path | None = None,
    epsg: int | None = None,
    dry_run: bool = True,
) -> ImportReport:
    """Import 小班 and register rows of two files as they are; see `import_files`."""
    terms = Terms(epsg=epsg, dry_run=dry_run)
    source = Source(polygons, polygons.name)
    return _import(municipality, edition, packages.Package(polygons, rows), source, terms)


def _import(
    municipality: Municipality,
    edition: int,
    package: packages.Package,
    source: Source,
    terms: Terms,
) -> ImportReport:
    terms.on_progress(0, 1, "read")
    files = register.read(
        package,
        boundary=to_shapely(municipality.geom),
        zone=municipality.zone,
        codes=selectors.known_codes(edition),
        epsg=terms.epsg,
        mapping=terms.mapping,
    )
    report = _counted(municipality, edition, files)
    storing = not terms.dry_run and report.acceptable
    with transaction.atomic():
        if storing:
            _lock(municipality, edition)
        report.compared_with = _compared_with(municipality.code, edition)
        if storing or report.compared_with is not None:
            staging.stage(files, terms.on_progress)
        _compare(report)
        if storing:
            terms.on_progress(0, len(files.polygons), "store")
            _store(municipality, edition, source, terms.use)
            report.stored = True
    return report


def _counted(municipality: Municipality, edition: int, files: RegisterFiles) -> ImportReport:
    return ImportReport(
        municipality=municipality.code,
        edition=edition,
        polygons=len(files.polygons),
        rows=files.rows,
        new=len(files.polygons),
        faults=files.faults,
        headings=files.headings,
        polygon_columns=files.polygon_columns,
    )


def _compared_with(municipality_code: str, edition: int) -> int | None:
    """Year to count differences against: the one to be replaced, else the one in use."""
    if selectors.has_edition(municipality_code, edition):
        return edition
    return edition_selectors.current_year(municipality_code)


def _compare(report: ImportReport) -> None:
    """Count what is new, changed and gone."""
    if report.compared_with is None:
        return
    found = staging.compare(report.municipality, report.compared_with)
    report.new, report.removed, report.changed = found.new, found.removed, found.changed
    report.unchanged = report.polygons - found.new - found.changed


def _lock(municipality: Municipality, edition: int) -> None:
    """Let two imports of the same edition come one after the other."""
    with connection.cursor() as cursor:
        key = int(municipality.code) * 10_000 + edition
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, key])


def _store(municipality: Municipality, edition: int, source: Source, use: bool | None) -> None:
    Edition.objects.update_or_create(
        municipality=municipality,
        year=edition,
        defaults={
            "source": source.name,
            "sha256": _sha256(source.path),
            "loaded_at": timezone.now(),
        },
    )
    with summarised_once(municipality.code, edition):
        staging.store(municipality.code, edition)
    in_use = edition_selectors.current_year(municipality.code)
    if use or (use is None and (in_use is None or in_use < edition)):
        make_current(municipality.code, edition)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
