"""A batch made ready to run: files that fit together, one origin, grids, a key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

import lidar
from lidar.errors import BatchRefusedError, LidarError
from lidar.io import las
from lidar.io.las import LasFile
from lidar.io.plots import PlotTable
from lidar.run.inspection import add_points, compare_points, compare_systems, survey
from lidar.run.params import RunParams
from lidar.run.plan import Cloud, Layout, Tile, layout
from lidar.run.pool import Pool
from lidar.run.report import BatchReport, FileReport
from lidar.run.spill import Reading, ReadJob, read
from lidar.run.statistics import PointStatistics
from lidar.run.tile import PlotCircle


@dataclass(frozen=True, slots=True)
class Batch:
    """What a run works on.

    Parameters
    ----------
    report : BatchReport
    files : tuple of LasFile
        Those used, in order of name and checksum, all with the batch's system.
    crs : pyproj.CRS
    origin_m : (int, int, int)
    layout : Layout
    ground : "delivered", "found" or "normalised"
    plots : PlotTable or None
        In the batch's coordinate system.
    spill : Path
        Where the points of the files lie, handed out to tiles.
    strays : int
        Points in no tile: outside the bounds their headers state.
    key : str
        Hash of all that decides what a tile holds.
    """

    report: BatchReport
    files: tuple[LasFile, ...]
    crs: CRS
    origin_m: tuple[int, int, int]
    layout: Layout
    ground: str
    plots: PlotTable | None
    spill: Path
    strays: int
    key: str

    def circles_in(self, tile: Tile) -> tuple[PlotCircle, ...]:
        """Return the plots whose centre a tile owns."""
        if self.plots is None:
            return ()
        x, y, radius = self.plots.x_m, self.plots.y_m, self.plots.radius_m
        return tuple(
            PlotCircle(int(i), float(x[i]), float(y[i]), float(radius[i]))
            for i in np.flatnonzero(tile.owns(x, y))
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of a batch by their headers, one origin, and the tiles over them."""

    reports: tuple[FileReport, ...]
    files: tuple[LasFile, ...]
    crs: CRS
    origin_m: tuple[int, int, int]
    layout: Layout

    def jobs(self, work: Path, params: RunParams) -> list[ReadJob]:
        """Return what is to be read, each into a folder named for files, tiles and settings."""
        spill = work / f"points-{self._key(params)}"
        jobs = []
        for number, file in enumerate(self.files):
            cloud = Cloud(file.bounds_m(), file.header.point_count)
            tiles = tuple(t for t in self.layout.tiles if t.touched_by(cloud))
            jobs.append(ReadJob(file, number, tiles, self.origin_m, spill))
        return jobs

    def _key(self, params: RunParams) -> str:
        stats = [(report.name, report.path.stat()) for report in self.reports]
        return _hash(
            files=[(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats],
            tiles=[tile.core for tile in self.layout.tiles],
            buffer=params.buffer_m,
            crs=self.crs.to_wkt(),
            engine=lidar.__version__,
        )


def prepare(
    files: list[Path],
    plots: Callable[[CRS], PlotTable | None],
    params: RunParams,
    work: Path,
    pool: Pool,
    on_plan: Callable[[Plan], None],
    on_read: Callable[[str], None],
) -> Batch:
    """Inspect files, lay out the work and read the points once, handed out to tiles.

    Parameters
    ----------
    files : list of Path
    plots : callable
        Gives the plots in a coordinate system, known only once files are inspected.
    params : RunParams
    work : Path
        Folder for the points; those of an earlier start are taken up again.
    pool : Pool
    on_plan : callable (plan)
        Told before points are read; again when files fall out and tiles with them.
    on_read : callable (file name)
        Told for each file read, also for those found done.

    Raises
    ------
    BatchRefusedError
        If files are refused and `params.skip_refused` is not set, or none is left.
    """
    given = CRS.from_epsg(params.epsg) if params.epsg else None
    expected = CRS.from_epsg(params.expected_epsg) if params.expected_epsg else None
    report = survey(files, crs=given)
    compare_systems(report, expected)
    _require_usable(report, params.skip_refused)
    while True:
        plan = _plan(report, params)
        on_plan(plan)
        jobs = plan.jobs(work, params)
        readings = _read_all(plan, jobs, pool, on_read)
        compare_points(report)
        _require_usable(report, params.skip_refused)
        if set(map(id, report.used)) == set(map(id, plan.reports)):
            return _batch(report, plan, plots, params, jobs, readings)


def _plan(report: BatchReport, params: RunParams) -> Plan:
    crs = report.crs
    assert crs is not None  # a batch with usable files has one
    used = tuple(report.used)
    files = tuple(_in_batch(f.file, crs) for f in used if f.file is not None)
    clouds = [Cloud(f.bounds_m(), f.header.point_count) for f in files]
    return Plan(used, files, crs, las.origin_of(list(files)), layout(clouds, crs, params))


def _read_all(
    plan: Plan, jobs: list[ReadJob], pool: Pool, on_read: Callable[[str], None]
) -> list[Reading]:
    """Read all files and add to their reports what was found."""
    readings = []
    for job, outcome in pool.outcomes(read, jobs):
        report = plan.reports[job.number]
        if isinstance(outcome, Reading):
            readings.append(outcome)
            found: PointStatistics | LidarError = outcome.statistics
            sha256: str | None = outcome.sha256
        else:
            found, sha256 = outcome, report.sha256
        if report.statistics is None:
            add_points(report, found, sha256)
        on_read(report.name)
    return readings


def _batch(
    report: BatchReport,
    plan: Plan,
    plots: Callable[[CRS], PlotTable | None],
    params: RunParams,
    jobs: list[ReadJob],
    readings: list[Reading],
) -> Batch:
    table, source = plots(plan.crs), _ground_source(report, params)
    return Batch(
        report=report,
        files=plan.files,
        crs=plan.crs,
        origin_m=plan.origin_m,
        layout=plan.layout,
        ground=source,
        plots=table,
        spill=jobs[0].folder,
        strays=sum(reading.strays for reading in readings),
        key=_key(report, params, source, table),
    )


def _require_usable(report: BatchReport, skip_refused: bool) -> None:
    reasons = [f.message for r in report.refused for f in r.faults if f.severity == "refuse"]
    if report.refused and (not skip_refused or not report.used):
        advice = "" if not report.used else "; mend them, or run without them (skip refused files)"
        raise BatchRefusedError(
            f"{len(report.refused)} of {len(report.files)} files cannot be processed{advice}:\n"
            + "\n".join(f"- {reason}" for reason in reasons),
            refused=[r.to_dict() for r in report.refused],
        )
    if not report.used:
        raise BatchRefusedError("the batch holds no files", refused=[])


def _in_batch(file: LasFile, crs: CRS) -> LasFile:
    return replace(file, source=replace(file.source, crs=crs))


def _ground_source(report: BatchReport, params: RunParams) -> str:
    if report.heights_normalised:
        return "normalised"
    if params.ground != "auto":
        return params.ground
    return "delivered" if report.ground_usable else "found"


def _key(report: BatchReport, params: RunParams, ground: str, plots: PlotTable | None) -> str:
    return _hash(
        inputs=[f.sha256 for f in report.used],
        params=params.to_dict(),
        ground=ground,
        engine=lidar.__version__,
        plots=None
        if plots is None
        else [plots.x_m.tolist(), plots.y_m.tolist(), plots.radius_m.tolist()],
    )


def _hash(**parts: Any) -> str:  # noqa: ANN401
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
