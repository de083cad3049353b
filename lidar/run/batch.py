"""A batch made ready to run: files that fit together, one origin, grids, a key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyproj import CRS

import lidar
from lidar.errors import BatchRefusedError
from lidar.io import las
from lidar.io.las import LasFile
from lidar.io.plots import PlotTable
from lidar.run.inspection import inspect
from lidar.run.params import RunParams
from lidar.run.plan import Cloud, Layout, Tile, layout
from lidar.run.report import BatchReport
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
    key: str

    def circles_in(self, tile: Tile) -> tuple[PlotCircle, ...]:
        """Return the plots whose centre a tile owns."""
        if self.plots is None:
            return ()
        columns = zip(self.plots.x_m, self.plots.y_m, self.plots.radius_m, strict=True)
        circles = (
            PlotCircle(i, float(x), float(y), float(r)) for i, (x, y, r) in enumerate(columns)
        )
        return tuple(c for c in circles if tile.owns(c.x_m, c.y_m))


def prepare(
    files: list[Path],
    plots: Callable[[CRS], PlotTable | None],
    params: RunParams,
) -> Batch:
    """Inspect files and lay out the work.

    Parameters
    ----------
    files : list of Path
    plots : callable
        Gives the plots in a coordinate system, known only once files are inspected.
    params : RunParams

    Raises
    ------
    BatchRefusedError
        If files are refused and `params.skip_refused` is not set, or none is left.
    """
    given = CRS.from_epsg(params.epsg) if params.epsg else None
    expected = CRS.from_epsg(params.expected_epsg) if params.expected_epsg else None
    report = inspect(files, crs=given, expected=expected)
    _require_usable(report, params.skip_refused)
    crs = report.crs
    assert crs is not None
    used = tuple(_in_batch(las.open_checked(f.path, given), crs) for f in report.used)
    clouds = [Cloud(f.bounds_m(), f.header.point_count) for f in used]
    table = plots(crs)
    source = _ground_source(report, params)
    return Batch(
        report=report,
        files=used,
        crs=crs,
        origin_m=las.origin_of(list(used)),
        layout=layout(clouds, crs, params),
        ground=source,
        plots=table,
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
    parts: dict[str, Any] = {
        "inputs": [f.sha256 for f in report.used],
        "params": params.to_dict(),
        "ground": ground,
        "engine": lidar.__version__,
        "plots": None
        if plots is None
        else [plots.x_m.tolist(), plots.y_m.tolist(), plots.radius_m.tolist()],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
