"""Where the points of each chunk of a file are, kept beside it: windows are read by it.

LAZ is decoded chunk by chunk, usually of 50,000 points in the order of the flight. The
index tells on a lattice of 64 x 64 over the file which squares a chunk has points in,
tighter than a rectangle where lines run aslant. It is never needed: it is written when
a window is read and the whole file had to be decoded anyway, and left aside when the
file has changed since.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel
from lidar.io.headers import LASZIP, LasHeader
from lidar.io.records import Records, as_integers

SIDE = 64
LAS_CHUNK = 50_000
NOT_CHUNKED, VARIABLE = 1, 0xFFFFFFFF
SUFFIX = ".chunks.npz"

Box = tuple[float, float, float, float]
Spans = list[tuple[int, int]]


def points_per_chunk(header: LasHeader) -> int | None:
    """Return how many points a chunk has, None where that differs or there are no chunks."""
    if not header.compressed:
        return LAS_CHUNK
    record = header.record(*LASZIP) or b""
    if len(record) < 16:
        return None
    compressor, size = (
        struct.unpack_from("<H", record, 0)[0],
        struct.unpack_from("<I", record, 12)[0],
    )
    return None if compressor == NOT_CHUNKED or size in (0, VARIABLE) else size


@dataclass(frozen=True, slots=True)
class ChunkIndex:
    """Which squares of the lattice each chunk has points in.

    Parameters
    ----------
    chunk : int
        Points of a chunk.
    occupied : bool array, shape (chunks, 64, 64)
        Rows from the south, columns from the west, over the bounds in the header;
        points outside them count to the nearest square.
    """

    chunk: int
    occupied: NDArray[np.bool_]

    def spans(self, header: LasHeader, box: Box) -> Spans:
        """Return (first, end) of the points of the chunks that may have points in a box.

        Parameters
        ----------
        header : LasHeader
        box : (left, bottom, right, top)
            In the units of the file.
        """
        low, high = _squares(header, box[0], box[1]), _squares(header, box[2], box[3])
        window = self.occupied[:, low[1] : high[1] + 1, low[0] : high[0] + 1]
        wanted = np.concatenate([[False], window.any(axis=(1, 2)), [False]])
        changes = np.flatnonzero(wanted[1:] != wanted[:-1])
        runs = list(pairwise(int(change) * self.chunk for change in changes))[::2]
        return [(first, min(end, header.point_count)) for first, end in runs]


class Indexer:
    """Makes an index out of the records of a file as they are decoded, chunk after chunk.

    Parameters
    ----------
    header : LasHeader
    chunk : int
        See `points_per_chunk`.
    """

    def __init__(self, header: LasHeader, chunk: int) -> None:
        self._header = header
        self._chunk = chunk
        n_chunks = math.ceil(header.point_count / chunk)
        self._occupied = np.zeros((n_chunks, SIDE, SIDE), np.bool_)
        self._done = 0

    def add(self, records: Records) -> None:
        """Note where the next records are."""
        header = self._header
        x, y = as_integers(records, 0), as_integers(records, 4)
        steps = [_lattice(header, axis) for axis in (0, 1)]
        scaled = [
            (header.scale[i] * step, (header.offset[i] - low) * step)
            for i, (low, step) in enumerate(steps)
        ]
        _mark(x, y, *scaled[0], *scaled[1], self._done, self._chunk, self._occupied)
        self._done += len(records)

    def save(self) -> None:
        """Write the index beside the file when all of it was seen and the folder can be written."""
        if self._done != self._header.point_count:
            return
        path = _path(self._header.path)
        making = path.with_name(f"{path.name}.{os.getpid()}.making")
        with contextlib.suppress(OSError):
            with making.open("wb") as file:
                np.savez_compressed(
                    file,
                    stamp=_stamp(self._header.path),
                    chunk=self._chunk,
                    occupied=np.packbits(self._occupied.reshape(len(self._occupied), -1), axis=1),
                )
            making.replace(path)


def load(header: LasHeader) -> ChunkIndex | None:
    """Return the index of a file, None where there is none or the file has changed since."""
    try:
        with np.load(_path(header.path), allow_pickle=False) as stored:
            if not np.array_equal(stored["stamp"], _stamp(header.path)):
                return None
            bits = np.unpackbits(stored["occupied"], axis=1).astype(np.bool_)
            chunk = int(stored["chunk"])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    if chunk < 1 or len(bits) != math.ceil(header.point_count / chunk):
        return None
    return ChunkIndex(chunk, bits.reshape(-1, SIDE, SIDE))


def _path(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _stamp(path: Path) -> NDArray[np.int64]:
    stat = path.stat()
    return np.array([stat.st_size, stat.st_mtime_ns], np.int64)


def _lattice(header: LasHeader, axis: int) -> tuple[float, float]:
    """Return the lower bound of an axis and squares per unit."""
    low, high = header.minimum[axis], header.maximum[axis]
    return low, SIDE / max(high - low, 1e-6)


def _squares(header: LasHeader, x: float, y: float) -> tuple[int, int]:
    """Return column and row of a place on the lattice, the nearest for one outside."""
    found = []
    for axis, value in enumerate((x, y)):
        low, step = _lattice(header, axis)
        found.append(int(min(max((value - low) * step, 0), SIDE - 1)))
    return found[0], found[1]


@kernel
def _mark(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    x_step: float,
    x_start: float,
    y_step: float,
    y_start: float,
    first: int,
    chunk: int,
    occupied: NDArray[np.bool_],
) -> None:
    for i in range(x.size):
        col = min(max(x[i] * x_step + x_start, 0.0), SIDE - 1.0)
        row = min(max(y[i] * y_step + y_start, 0.0), SIDE - 1.0)
        occupied[(first + i) // chunk, int(row), int(col)] = True
