"""A run from files to products."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lidar
from lidar.core.grid import Grid
from lidar.core.volume_model import VolumeModel
from lidar.io import crs as crs_io
from lidar.io import stac
from lidar.io.checksum import sha256_of
from lidar.io.cog import NODATA
from lidar.io.json_file import write_json
from lidar.io.plots import PlotTable, read_plots
from lidar.io.stac import Times
from lidar.io.vector import Zones, read_zones, write_layer
from lidar.run import (
    assembly,
    mesh,
    municipality,
    products,
    quality,
    quality_files,
    result,
    species,
    tiles,
    tree_points,
    volumes,
)
from lidar.run.assembly import Cells, TreeParts
from lidar.run.batch import Batch, Plan, prepare
from lidar.run.conversion import as_las
from lidar.run.params import RunParams
from lidar.run.pool import Pool, open_pool
from lidar.run.publishing import publish, put
from lidar.run.result import RunResult, load_result
from lidar.run.stands import Stands
from lidar.run.volumes import Volumes

OnProgress = Callable[[int, int, str, str], None]

WORK, CONVERTED = ".work", "converted"
LIBRARIES = (
    *("numpy", "scipy", "scikit-learn", "laspy", "lazrs", "rasterio", "pyproj", "shapely"),
    *("exactextract", "pyogrio"),
)
UNKNOWN_DAY = "1980-01-06"


@dataclass(slots=True)
class _Progress:
    """Counts steps for the caller.

    Parameters
    ----------
    tell : callable
    own_steps : int
        Steps besides the files and tiles of the plan.
    """

    tell: OnProgress
    own_steps: int
    total: int = 1
    done: int = 0

    def expect(self, plan: Plan) -> None:
        self.total = self.done + len(plan.files) + len(plan.layout.tiles) + self.own_steps

    def step(self, stage: str, message: str) -> None:
        self.done += 1
        self.tell(self.done, self.total, stage, message)


@dataclass(frozen=True, slots=True)
class _Areas:
    """Areas that a caller gave."""

    compartments: Zones | None
    municipalities: Zones | None


def execute(
    files: Iterable[Path | str],
    out_dir: Path | str,
    *,
    compartments: Zones | Path | str | None = None,
    municipalities: Zones | Path | str | None = None,
    plots: PlotTable | Path | str | None = None,
    params: RunParams | None = None,
    workers: int = 2,
    scheduler: str | None = None,
    on_progress: OnProgress | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> RunResult:
    """Turn a batch of point clouds into rasters, mesh and totals.

    Points are read tile by tile in child processes; parts of an interrupted run
    under ``out_dir/.work`` are taken up again. Products appear together at the
    end, the manifest last. Same input and settings give the same bytes, whatever
    the number of workers.

    Parameters
    ----------
    files : iterable of path
        LAS, LAZ or COPC; PLY, PCD, BPF, PTS and E57 go through PDAL.
    out_dir : path
        Made if missing; products of an earlier run in it are replaced.
    compartments : Zones or path, optional
        Areas to total over; by default squares of `params.zone_grid_m`.
    municipalities : Zones or path, optional
        Areas whose keys are the codes of municipalities (N03_007 in the national
        boundaries), for 県code and 市町村code; without them both stay empty.
    plots : PlotTable or path, optional
        Field plots to calibrate on; without them volumes are uncalibrated.
    params : RunParams, optional
    workers : int
        Child processes; 0 works in this one.
    scheduler : str, optional
        Address of a Dask scheduler whose workers see the same folders; `workers` then
        does not matter.
    on_progress : callable (done, total, stage, message), optional
    should_cancel : callable returning bool, optional

    Returns
    -------
    RunResult

    Raises
    ------
    BatchRefusedError
        If files cannot be processed.
    VectorFileError, PlotSampleError
        If compartments, municipalities or plots cannot be used.
    DecodeError
        If a file turns out to be damaged.
    PdalMissingError, PdalPipelineError
        If a file of another format cannot be converted.
    SchedulerError
        If the scheduler cannot be used.
    RunCancelledError
        If `should_cancel` said so.
    """
    params = params or RunParams()
    out = Path(out_dir)
    tell = on_progress or _silent
    tell(0, 1, "inspect", "files")
    areas = _Areas(_loaded(compartments), municipality.checked(_loaded(municipalities)))
    table = read_plots(plots) if isinstance(plots, (str, Path)) else plots
    progress = _Progress(tell, len(products.KINDS) + 2)
    batch, work = _computed(
        files, table, params, out, open_pool(workers, scheduler, should_cancel), progress
    )
    made = work / f"products.{os.getpid()}"
    _write_products(batch, areas, work / "tiles", made, params, progress)
    publish(made, out)
    tiles.forget(out / WORK)
    progress.step("done", str(out))
    return load_result(out)


def check(
    files: Iterable[Path | str],
    out_dir: Path | str,
    *,
    params: RunParams | None = None,
    workers: int = 2,
    scheduler: str | None = None,
    on_progress: OnProgress | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Look at the quality of a whole batch, without volumes and rasters.

    Writes quality.json, quality.html and the maps in ``quality`` into the folder.
    Every point is read, unlike in `inspect`. A run of the same files afterwards
    starts anew.

    Parameters
    ----------
    files, out_dir, params, workers, scheduler, on_progress, should_cancel
        As in `execute`.

    Returns
    -------
    dict
        What quality.json holds.

    Raises
    ------
    BatchRefusedError, DecodeError, RunCancelledError
        As `execute`.
    """
    params, out = params or RunParams(), Path(out_dir)
    tell = on_progress or _silent
    tell(0, 1, "inspect", "files")
    progress = _Progress(tell, 1)
    batch, work = _computed(
        files, None, params, out, open_pool(workers, scheduler, should_cancel), progress
    )
    made = work / f"quality.{os.getpid()}"
    made.mkdir(parents=True, exist_ok=True)
    cells = assembly.cells(batch, work / "tiles")
    measured = assembly.survey(batch, work / "tiles")
    totals = assembly.totals(batch, work / "tiles")
    times = scan_times(batch, params)
    report = quality.survey(batch, cells, totals, measured, times)
    quality_files.write(made, report, cells, measured)
    put(made, out)
    tiles.forget(out / WORK)
    progress.step("done", str(out))
    return report


def _computed(
    files: Iterable[Path | str],
    plots: PlotTable | None,
    params: RunParams,
    out: Path,
    pool: Pool,
    progress: _Progress,
) -> tuple[Batch, Path]:
    """Read all files and compute all tiles; return the batch and the folder of its parts."""
    with pool:
        batch = prepare(
            as_las([Path(f) for f in files], out / WORK / CONVERTED, params.epsg),
            lambda crs: None if plots is None else plots.to(crs),
            params,
            out / WORK,
            pool,
            progress.expect,
            partial(progress.step, "read"),
        )
        work = out / WORK / batch.key
        tiles.compute_all(batch, work / "tiles", params, pool, partial(progress.step, "tiles"))
    return batch, work


def _loaded(zones: Zones | Path | str | None) -> Zones | None:
    return read_zones(zones) if isinstance(zones, (str, Path)) else zones


def _silent(done: int, total: int, stage: str, message: str) -> None:
    pass


def _write_products(
    batch: Batch,
    areas: _Areas,
    parts: Path,
    made: Path,
    params: RunParams,
    progress: _Progress,
) -> None:
    (made / result.RASTERS).mkdir(parents=True, exist_ok=True)
    (made / result.ITEMS).mkdir(exist_ok=True)
    cells = assembly.cells(batch, parts)
    found = volumes.predict(_model(batch, areas, cells, parts, params), cells)
    progress.step("volume", "calibrated" if found.model.calibrated else "uncalibrated")
    _write_rasters(batch, cells, found, parts, made / result.RASTERS, progress)
    times = scan_times(batch, params)
    day = times.last if times.known else None
    stands = Stands.of(cells, found, areas.municipalities, day, params)
    zones = _zones(batch, areas.compartments, params)
    left_out = _write_tables(
        stands, assembly.trees(batch, parts), zones, params.carbon_species, made
    )
    write_json(made / result.MODEL, found.model.to_dict())
    measured, totals = assembly.survey(batch, parts), assembly.totals(batch, parts)
    report = quality.with_volumes(
        quality.survey(batch, cells, totals, measured, times), cells, found, zones, left_out
    )
    quality_files.write(made, report, cells, measured)
    _write_items(batch, found, made, times)
    write_json(made / result.MANIFEST, _manifest(batch, areas, made, params))


def _model(
    batch: Batch, areas: _Areas, cells: Cells, parts: Path, params: RunParams
) -> VolumeModel:
    metrics, pure = {}, None
    if batch.plots is not None:
        metrics = assembly.plot_metrics(batch, parts, len(batch.plots))
        pure = volumes.pure_stands(areas.compartments, cells)
    return volumes.calibrate(batch.plots, metrics, params.calibration, params.volume_family, pure)


def _write_rasters(
    batch: Batch, cells: Cells, found: Volumes, parts: Path, folder: Path, progress: _Progress
) -> None:
    tags = products.tags(found.model.calibrated, batch.report.dates)
    for name in products.write_tiled(batch, parts, folder, tags):
        progress.step("write", name)
    products.write_mesh(cells, found.rasters(), folder, tags)
    for kind in products.MESH_KINDS:
        progress.step("write", kind.name)


def scan_times(batch: Batch, params: RunParams) -> Times:
    """Return when a batch was scanned: by GPS, as stated for the run, or by file headers."""
    if batch.report.dates is not None:
        return Times(*batch.report.dates, "gps")
    if params.scan_date is not None:
        return Times(params.scan_date, params.scan_date, "stated")
    created = [f.created for f in batch.report.used if f.created is not None]
    if created:
        return Times(min(created), max(created), "header")
    return Times(UNKNOWN_DAY, UNKNOWN_DAY, "unknown")


def _zones(batch: Batch, zones: Zones | None, params: RunParams) -> Zones:
    """Return the compartments in the run's system, else squares over the scan."""
    if zones is not None:
        return zones.to(batch.crs)
    return Zones.squares(Grid.covering(batch.layout.mesh.bounds, params.zone_grid_m, batch.crs))


def _write_tables(
    stands: Stands,
    trees: Iterable[TreeParts],
    zones: Zones,
    carbon_species: tuple[str, str],
    made: Path,
) -> int:
    """Write mesh, trees, species and zones; return how many zones the scan does not touch."""
    mesh.write(made / result.MESH, stands)
    tree_points.write(made / result.TREES, stands, trees)
    species.write(made / result.SPECIES, stands)
    columns, touched = volumes.zone_columns(
        zones, stands.cells, stands.volumes, stands.day, carbon_species
    )
    write_layer(made / result.COMPARTMENTS, zones.geometries[touched], columns, zones.crs)
    return int((~touched).sum())


def _write_items(batch: Batch, found: Volumes, made: Path, times: Times) -> None:
    layout = batch.layout
    grids = {1.0: layout.terrain, 0.5: layout.canopy, 20.0: layout.mesh}
    cell_of = {k.name: 1.0 for k in products.TERRAIN_KINDS}
    cell_of |= {k.name: 0.5 for k in products.CANOPY_KINDS}
    properties = {
        "engine": lidar.__version__,
        "calibrated": found.model.calibrated,
        "ground": batch.ground,
        "files": [f.path.name for f in batch.files],
    }
    for name, kind in products.KINDS.items():
        path = made / result.RASTERS / f"{name}.tif"
        grid = grids[cell_of.get(name, 20.0)]
        item = stac.item(path, grid, kind, sha256_of(path), times, properties)
        write_json(made / result.ITEMS / f"{name}.json", item)


def _manifest(batch: Batch, areas: _Areas, made: Path, params: RunParams) -> dict[str, Any]:
    outputs = sorted(p for p in made.rglob("*") if p.is_file())
    return {
        "engine": lidar.__version__,
        "libraries": {name: version(name) for name in LIBRARIES},
        "crs": batch.crs.to_wkt(),
        "crs_label": crs_io.label(batch.crs),
        "bounds_m": list(batch.layout.mesh.bounds),
        "nodata": NODATA,
        "params": params.to_dict(),
        "ground": batch.ground,
        "tiles": [tile.name for tile in batch.layout.tiles],
        "rasters": list(products.KINDS),
        "inputs": [
            {"name": f.name, "sha256": f.sha256, "size": f.size, "points": f.points}
            for f in batch.report.used
        ],
        "compartments": None if areas.compartments is None else len(areas.compartments),
        "plots": None if batch.plots is None else len(batch.plots),
        "outputs": {
            str(p.relative_to(made)): {"sha256": sha256_of(p), "size": p.stat().st_size}
            for p in outputs
        },
    }
