"""Work through the tiles of a batch, going on where an earlier start stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from lidar.errors import LidarError
from lidar.run.batch import Batch
from lidar.run.params import RunParams
from lidar.run.plan import Tile
from lidar.run.pool import Pool
from lidar.run.tile import TileJob, compute, compute_empty


def compute_all(
    batch: Batch, folder: Path, params: RunParams, pool: Pool, report: Callable[[str], None]
) -> None:
    """Compute every tile of a batch that is not there yet.

    Parameters
    ----------
    batch : Batch
    folder : Path
        Of this batch and these settings: tiles appear in it by rename.
    params : RunParams
    pool : Pool
    report : callable (name of the tile)
        Called once for every tile computed, also for those found done.

    Raises
    ------
    LidarError
        The first that a tile raised, unless `params.skip_failed_tiles`.
    RunCancelledError
        If asked to stop.
    """
    jobs = [_job(batch, tile, folder, params) for tile in batch.layout.tiles]
    for job in jobs:
        if job.done.exists():
            report(job.tile.name)
    missing = [job for job in jobs if not job.done.exists()]
    for job, outcome in pool.outcomes(compute, missing):
        if isinstance(outcome, LidarError):
            _leave_empty(job, outcome)
        report(job.tile.name)


def forget(work: Path) -> None:
    """Remove the parts of a run."""
    shutil.rmtree(work, ignore_errors=True)


def _leave_empty(job: TileJob, error: LidarError) -> None:
    """Go on without a tile where that was chosen."""
    if not job.params.skip_failed_tiles:
        raise error
    job.folder.mkdir(parents=True, exist_ok=True)
    # the reason first: a tile that is there without it would pass for computed
    job.failed.write_text(str(error), encoding="utf-8")
    compute_empty(job)


def _job(batch: Batch, tile: Tile, folder: Path, params: RunParams) -> TileJob:
    return TileJob(
        tile=tile,
        plots=batch.circles_in(tile),
        ground=batch.ground,
        origin_m=batch.origin_m,
        crs=batch.crs,
        spill=batch.spill,
        files=len(batch.files),
        folder=folder,
        params=params,
    )
