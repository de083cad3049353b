"""Work through the tiles of a batch, going on where an earlier start stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from lidar.run.batch import Batch
from lidar.run.params import RunParams
from lidar.run.plan import Cloud, Tile
from lidar.run.pool import Pool
from lidar.run.spill import SpillJob, hand_out, strays_of
from lidar.run.tile import TileJob, compute

Report = Callable[[str, str], None]


def compute_all(batch: Batch, work: Path, params: RunParams, pool: Pool, report: Report) -> int:
    """Compute every tile of a batch that is not there yet.

    Parameters
    ----------
    batch : Batch
    work : Path
        Folder of this batch and these settings: parts appear in it by rename.
    params : RunParams
    pool : Pool
    report : callable (stage, message)
        Called once for every file read and tile computed, also for those found done.

    Returns
    -------
    int
        Points that lay in no tile: outside the bounds their headers state.
    """
    spill = work / "points"
    reading = [_spill_job(batch, number, spill) for number in range(len(batch.files))]
    tiles = [_tile_job(batch, tile, spill, work / "tiles", params) for tile in batch.layout.tiles]
    for job in reading:
        if job.done.is_dir():
            report("read", job.file.path.name)
    for job, _ in pool.map(hand_out, [j for j in reading if not j.done.is_dir()]):
        report("read", job.file.path.name)
    strays = sum(strays_of(job) for job in reading)
    for tile in tiles:
        if tile.done.exists():
            report("tiles", tile.tile.name)
    for tile, _ in pool.map(compute, [t for t in tiles if not t.done.exists()]):
        _forget_points(spill, tile.tile)
        report("tiles", tile.tile.name)
    return strays


def forget(work: Path) -> None:
    """Remove the parts of a run."""
    shutil.rmtree(work, ignore_errors=True)


def _spill_job(batch: Batch, number: int, spill: Path) -> SpillJob:
    file = batch.files[number]
    cloud = Cloud(file.bounds_m(), file.header.point_count)
    tiles = tuple(t for t in batch.layout.tiles if cloud.points_in(t.outer))
    return SpillJob(file, number, tiles, batch.origin_m, spill)


def _tile_job(batch: Batch, tile: Tile, spill: Path, folder: Path, params: RunParams) -> TileJob:
    circles = batch.circles_in(tile)
    return TileJob(
        tile, circles, batch.ground, batch.origin_m, spill, folder, batch.files[0], params
    )


def _forget_points(spill: Path, tile: Tile) -> None:
    for part in spill.glob(f"file_*/{tile.name}.points"):
        part.unlink()
