"""Read files once, in any order of points, and hand the points out to tiles.

Files are not assumed to be tiles or to be sorted. While a file is decoded its points
are counted, its checksum is taken, and every tile whose outer box they fall in gets
them as columns appended to one part. The folder of a file appears by one rename
when all of it is there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from lidar.core.kernel import kernel
from lidar.core.points import DIMENSIONS, Points
from lidar.io import las
from lidar.io.checksum import sha256_of
from lidar.io.las import LasFile
from lidar.run.plan import Tile
from lidar.run.statistics import PointStatistics, statistics

ABOUT = "about.json"
HELD_POINTS = 500_000
_COUNT = np.dtype("<i8")


@dataclass(frozen=True, slots=True)
class ReadJob:
    """One file to read.

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


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file found out.

    Parameters
    ----------
    sha256 : str
        Of the file's bytes, hexadecimal.
    strays : int
        Points in no tile: outside the bounds that the header states.
    statistics : PointStatistics
    """

    sha256: str
    strays: int
    statistics: PointStatistics


def read(job: ReadJob) -> Reading:
    """Hand out the points of a file, unless that is done already, and say what it holds.

    Raises
    ------
    DecodeError
        If the file cannot be decoded to its end.
    """
    if not job.done.is_dir():
        _read(job)
    about = json.loads((job.done / ABOUT).read_text())
    return Reading(**{**about, "statistics": PointStatistics.from_dict(about["statistics"])})


def load(
    folder: Path, files: Sequence[int], tile: Tile, origin_m: tuple[int, int, int], crs: CRS
) -> Points:
    """Return all points of a tile and its buffer.

    Parameters
    ----------
    folder : Path
        Of the parts.
    files : sequence of int
        Numbers of the files used, in the order in which their points come.
    tile : Tile
    origin_m, crs
        Of the batch.
    """
    paths = (folder / f"file_{number:06d}" / _name(tile) for number in files)
    parts = [path for path in paths if path.exists()]
    row = sum(np.dtype(kind).itemsize for kind in DIMENSIONS.values())
    # the counts between the columns make this a few rows too many
    most = sum(path.stat().st_size for path in parts) // row
    columns = {name: np.empty(most, kind) for name, kind in DIMENSIONS.items()}
    filled = 0
    for path in parts:
        with path.open("rb", buffering=0) as part:
            for n in _blocks(part):
                for column in columns.values():
                    part.readinto(column[filled : filled + n].data.cast("B"))
                filled += n
    arrays = {name: column[:filled] for name, column in columns.items()}
    return Points(**arrays, gps_time=None, origin_m=origin_m, crs=crs)


def _blocks(part: BinaryIO) -> Iterator[int]:
    """Yield the number of points of each block; its columns must be read before the next."""
    while head := part.read(_COUNT.itemsize):
        yield int.from_bytes(head, "little")


def _name(tile: Tile) -> str:
    return f"{tile.name}.points"


def _read(job: ReadJob) -> None:
    # a name of its own: a child of a run that was killed may still be at work here
    making = job.done.with_suffix(f".making.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    with ThreadPoolExecutor(1) as beside:
        checksum = beside.submit(sha256_of, job.file.path)
        parts = _Parts(job.tiles, making)
        found = statistics(_handed_out(job, parts), job.file, job.origin_m, complete=True)
        parts.write()
    reading = Reading(checksum.result(), parts.strays, found)
    (making / ABOUT).write_text(json.dumps(asdict(reading)))
    try:
        making.rename(job.done)
    except OSError:
        if not job.done.is_dir():
            raise
        shutil.rmtree(making)


def _handed_out(job: ReadJob, parts: _Parts) -> Iterator[Points]:
    for points in las.stream(job.file, job.origin_m):
        parts.add(points)
        yield points


class _Parts:
    """The parts of one file: held for a while, then appended to their files together."""

    def __init__(self, tiles: tuple[Tile, ...], folder: Path) -> None:
        self._tiles = tiles
        self._folder = folder
        self._held: defaultdict[Tile, list[Points]] = defaultdict(list)
        self._n_held = 0
        self.strays = 0

    def add(self, points: Points) -> None:
        """Give points to every tile whose outer box they are in."""
        if not len(points):
            return
        points = replace(points, gps_time=None)
        near = [t for t in self._tiles if las.touch(t.outer, points.box())]
        wanted = np.zeros(len(points), np.bool_)
        for tile in near:
            box = las.box_mm(tile.outer, points.origin_m)
            which = _inside(points.x_mm, points.y_mm, *box, wanted)
            if which.size:
                part = points if which.size == len(points) else points.take(which)
                self._held[tile].append(part)
                self._n_held += which.size
        self.strays += len(points) - int(wanted.sum())
        if self._n_held >= HELD_POINTS:
            self.write()

    def write(self) -> None:
        """Append what is held to the files of the parts."""
        for tile, held in self._held.items():
            with (self._folder / _name(tile)).open("ab") as part:
                part.write(_COUNT.type(sum(map(len, held))).tobytes())
                for name in DIMENSIONS:
                    for points in held:
                        part.write(np.ascontiguousarray(getattr(points, name)).data)
        self._held.clear()
        self._n_held = 0


@kernel
def _inside(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    left: int,
    bottom: int,
    right: int,
    top: int,
    wanted: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Return which points are in a box, and mark them as wanted."""
    which = np.empty(x.size, np.int32)
    n = 0
    for i in range(x.size):
        which[n] = i
        inside = left <= x[i] < right and bottom < y[i] <= top
        wanted[i] |= inside
        n += inside
    return which[:n]
