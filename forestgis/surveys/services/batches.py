"""Registering a batch: every file is looked at and checksummed before anything is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils.dateparse import parse_date
from pyproj import CRS

from forestgis.registry.models import GEOGRAPHIC_SRID, Municipality
from forestgis.surveys.access import check_may_write
from forestgis.surveys.domain.figures import figure
from forestgis.surveys.errors import BatchRefusedError, NoSuchFileError, PlotsRefusedError
from forestgis.surveys.models import Batch, BatchFile, Plot
from forestgis.tenancy.principal import current
from lidar.errors import LidarError
from lidar.io.plots import PlotTable, read_plots
from lidar.run import inspect
from lidar.run.report import BatchReport, FileReport

_POINT_CLOUDS = frozenset({".las", ".laz"})
_PLOT_PLACES = 2
_LARGEST_M3HA = 3000


def register_batch(
    *,
    municipality: Municipality,
    name: str,
    files: Sequence[Path],
    plots: Path | None = None,
    compartments: Path | None = None,
    simulated: bool = False,
    captured: tuple[date, date] | None = None,
    epsg: int | None = None,
    skip_refused: bool = False,
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
    epsg : int, optional
        CRS of files that state none.
    skip_refused : bool
        Go on with the good files instead of refusing the batch.

    Raises
    ------
    NotYoursError, NoSuchFileError, BatchRefusedError, PlotsRefusedError
        Nothing is stored.
    """
    check_may_write(municipality.pk)
    paths = _point_clouds(files)
    if compartments is not None and not compartments.is_file():
        raise NoSuchFileError(path=str(compartments))
    report = inspect(paths, crs=CRS.from_epsg(epsg) if epsg else None)
    _check(report, skip_refused=skip_refused)
    assert report.crs is not None  # a batch with usable files has one
    table = _plot_table(plots, report.crs)
    first, last = captured or _dates(report)
    with transaction.atomic():
        batch = Batch.objects.create(
            municipality=municipality,
            name=name,
            epsg=report.crs.to_epsg(),
            assumed_epsg=epsg,
            captured_from=first,
            captured_to=last,
            simulated=simulated,
            compartments=str(compartments.resolve()) if compartments else "",
            report=_without_files(report),
            created_by_id=current().user_id,
        )
        BatchFile.objects.bulk_create(_file(batch, file) for file in report.used)
        Plot.objects.bulk_create(_plots(batch, table))
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


def _plots(batch: Batch, table: PlotTable | None) -> list[Plot]:
    """Unsaved rows of the field plots."""
    if table is None:
        return []
    degrees = table.to(CRS.from_epsg(GEOGRAPHIC_SRID))
    columns = (degrees.x_m, degrees.y_m, degrees.radius_m)
    volumes = (degrees.hardwood_m3ha, degrees.conifer_m3ha)
    return [
        Plot(
            batch=batch,
            municipality_id=batch.municipality_id,
            plot_id=plot_id,
            geom=Point(float(lon), float(lat), srid=GEOGRAPHIC_SRID),
            radius_m=figure(radius, _PLOT_PLACES),
            hardwood_m3ha=figure(hardwood, _PLOT_PLACES),
            conifer_m3ha=figure(conifer, _PLOT_PLACES),
        )
        for plot_id, lon, lat, radius, hardwood, conifer in zip(
            degrees.ids, *columns, *volumes, strict=True
        )
    ]


def _plot_table(path: Path | None, crs: CRS) -> PlotTable | None:
    """Read the plots and refuse what no forest can have."""
    if path is None:
        return None
    try:
        table = read_plots(path).to(crs)
    except LidarError as error:
        raise PlotsRefusedError(reasons=str(error)) from error
    reasons = [f"{path.name}: {reason}" for reason in _plot_faults(table)]
    if reasons:
        raise PlotsRefusedError(reasons="\n".join(reasons))
    return table


def _plot_faults(table: PlotTable) -> Iterator[str]:
    """Say which plots come twice or have impossible volumes."""
    for plot_id, times in Counter(table.ids).items():
        if times > 1:
            yield f"plot_id {plot_id!r}: {times} x"
    for name in ("hardwood_m3ha", "conifer_m3ha"):
        for plot_id, value in zip(table.ids, getattr(table, name), strict=True):
            if not 0 <= value <= _LARGEST_M3HA:
                yield f"plot_id {plot_id!r}, {name}: {value} (0-{_LARGEST_M3HA} m3/ha)"
