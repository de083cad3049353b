"""Registering a batch: every file is looked at and checksummed before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils.dateparse import parse_date

from forestgis.accounts.models import User
from forestgis.registry.models import GEOGRAPHIC_SRID, Municipality
from forestgis.surveys.access import check_may_write
from forestgis.surveys.errors import BatchRefusedError, NoSuchFileError
from forestgis.surveys.imports import plots as plot_files
from forestgis.surveys.imports.plots import PlotRow
from forestgis.surveys.models import Batch, BatchFile, Plot
from lidar.run import inspect
from lidar.run.report import BatchReport, FileReport

_POINT_CLOUDS = frozenset({".las", ".laz"})


def register_batch(
    *,
    municipality: Municipality,
    name: str,
    files: Sequence[Path],
    plots: Path | None = None,
    compartments: Path | None = None,
    simulated: bool = False,
    captured: tuple[date, date] | None = None,
    skip_refused: bool = False,
    user: User | None = None,
) -> Batch:
    """Check the files of a survey and register them, all or none.

    Parameters
    ----------
    municipality : Municipality
        Whose survey it is.
    name : str
        Shown in lists.
    files : sequence of Path
        Point clouds, or folders of them.
    plots : Path, optional
        Field plots as CSV; without them the result is uncalibrated.
    compartments : Path, optional
        Zones to total over; without them the register's 小班, or a plain
        grid where there are none.
    simulated : bool
        Marks everything that comes of it as 架空データ.
    captured : (date, date), optional
        First and last day of the flight where the files do not say.
    skip_refused : bool
        Go on with the good files instead of refusing the batch.
    user : User, optional
        Who registers it.

    Raises
    ------
    NotYoursError, NoSuchFileError, BatchRefusedError
    RefusedError
        If the plots have faults.
    """
    check_may_write(municipality.pk)
    paths = _point_clouds(files)
    if compartments is not None and not compartments.is_file():
        raise NoSuchFileError(path=str(compartments))
    report = inspect(paths)
    _check(report, skip_refused=skip_refused)
    assert report.crs is not None  # a batch with usable files has one
    rows = plot_files.read(plots, report.crs) if plots is not None else []
    first, last = captured or _dates(report)
    with transaction.atomic():
        batch = Batch.objects.create(
            municipality=municipality,
            name=name,
            epsg=report.crs.to_epsg(),
            captured_from=first,
            captured_to=last,
            simulated=simulated,
            compartments=str(compartments.resolve()) if compartments else "",
            report=_without_files(report),
            created_by=user,
        )
        BatchFile.objects.bulk_create(_file(batch, file) for file in report.used)
        Plot.objects.bulk_create(_plot(batch, row) for row in rows)
    return batch


def _point_clouds(files: Iterable[Path]) -> list[Path]:
    """Files as given, folders as the point clouds in them; each once."""
    found: dict[Path, None] = {}
    for path in files:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in _POINT_CLOUDS)
            found.update(dict.fromkeys(p.resolve() for p in inside))
        elif path.is_file():
            found[path.resolve()] = None
        else:
            raise NoSuchFileError(path=str(path))
    if not found:
        raise NoSuchFileError(path=" ".join(str(path) for path in files))
    return list(found)


def _check(report: BatchReport, *, skip_refused: bool) -> None:
    """Refuse the batch when it, or one of its files, cannot be processed."""
    stopped = any(fault.severity == "refuse" for fault in report.faults)
    if stopped or not report.used or (report.refused and not skip_refused):
        raise BatchRefusedError(reasons="\n".join(_reasons(report)))


def _reasons(report: BatchReport) -> list[str]:
    """Refusals in the engine's words, which name the file and what to do."""
    faults = [fault for file in report.files for fault in file.faults] + report.faults
    return [f"- {fault.message} [{fault.code}]" for fault in faults if fault.severity == "refuse"]


def _dates(report: BatchReport) -> tuple[date | None, date | None]:
    """Days of the flight by GPS time."""
    if report.dates is None:
        return None, None
    first, last = report.dates
    return parse_date(first), parse_date(last)


def _without_files(report: BatchReport) -> dict[str, object]:
    """Take the findings about the batch as a whole; each file keeps its own."""
    return {key: value for key, value in report.to_dict().items() if key != "files"}


def _file(batch: Batch, file: FileReport) -> BatchFile:
    return BatchFile(
        batch=batch,
        municipality_id=batch.municipality_id,
        path=str(file.path),
        sha256=file.sha256 or "",
        size=file.size,
        points=file.points,
        report=file.to_dict(),
    )


def _plot(batch: Batch, row: PlotRow) -> Plot:
    tenth = Decimal("0.1")
    return Plot(
        batch=batch,
        municipality_id=batch.municipality_id,
        plot_id=row.plot_id,
        geom=Point(row.lon, row.lat, srid=GEOGRAPHIC_SRID),
        radius_m=row.radius_m.quantize(Decimal("0.01")),
        hardwood_m3ha=row.hardwood_m3ha.quantize(tenth),
        conifer_m3ha=row.conifer_m3ha.quantize(tenth),
    )
