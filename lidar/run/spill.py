"""Hand the points of files out to tiles: each file is decoded once, in any order.

Files are not assumed to be tiles or to be sorted. A file's points are appended,
as fixed records, to one part for every tile whose outer box they fall in; the
folder of a file appears by one rename when all of it is there.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lidar.core.points import Points
from lidar.io import las
from lidar.io.las import LasFile
from lidar.run.plan import Tile

STRAYS = "strays.txt"
RECORD = np.dtype(
    [
        ("x_mm", "<i4"),
        ("y_mm", "<i4"),
        ("z_mm", "<i4"),
        ("scan_angle_deg", "<f4"),
        ("intensity", "<u2"),
        ("line_id", "<u2"),
        ("return_number", "u1"),
        ("return_count", "u1"),
        ("classification", "u1"),
    ]
)


@dataclass(frozen=True, slots=True)
class SpillJob:
    """One file to hand out.

    Parameters
    ----------
    file : LasFile
    number : int
        Place of the file in the batch: tiles read parts in this order.
    tiles : tuple of Tile
        Those whose outer box the file touches.
    origin_m : (int, int, int)
        Of the whole batch.
    folder : Path
        Where the parts go.
    """

    file: LasFile
    number: int
    tiles: tuple[Tile, ...]
    origin_m: tuple[int, int, int]
    folder: Path

    @property
    def done(self) -> Path:
        """The folder that is there when the job is done."""
        return self.folder / f"file_{self.number:06d}"


def hand_out(job: SpillJob) -> None:
    """Write the parts of one file.

    Raises
    ------
    DecodeError
        If the file cannot be decoded to its end.
    """
    # a name of its own: a child of a run that was killed may still be at work here
    making = job.done.with_suffix(f".making.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    strays = 0
    for points in las.stream(job.file, job.origin_m):
        strays += _append(points, job.tiles, making)
    (making / STRAYS).write_text(str(strays))
    try:
        making.rename(job.done)
    except OSError:
        if not job.done.is_dir():
            raise
        shutil.rmtree(making)


def strays_of(job: SpillJob) -> int:
    """Return how many points of a file handed out were in no tile."""
    return int((job.done / STRAYS).read_text())


def load(folder: Path, tile: Tile, origin_m: tuple[int, int, int], like: LasFile) -> Points:
    """Return all points of a tile and its buffer, file after file in batch order."""
    paths = sorted(folder.glob(f"file_*/{tile.name}.points"))
    records = np.concatenate([np.empty(0, RECORD), *(np.fromfile(p, RECORD) for p in paths)])
    arrays = {name: np.ascontiguousarray(records[name]) for name in RECORD.names or ()}
    return Points(**arrays, gps_time=None, origin_m=origin_m, crs=like.source.crs)


def _append(points: Points, tiles: tuple[Tile, ...], folder: Path) -> int:
    records = np.empty(len(points), RECORD)
    for name in RECORD.names or ():
        records[name] = getattr(points, name)
    wanted = np.zeros(len(points), bool)
    for tile in tiles:
        inside = las.inside(points, tile.outer)
        if inside.any():
            with (folder / f"{tile.name}.points").open("ab") as part:
                records[inside].tofile(part)
            wanted |= inside
    return int((~wanted).sum())
