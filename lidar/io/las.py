"""Points of LAS, LAZ and COPC files as `Points`: integers, millimetres, metres.

The header is checked first (`lidar.io.headers`). Records are decoded by lazrs,
once by laszip where lazrs fails: old but valid files need it. A decoder may
panic, which is no `Exception`; files of unknown health belong in
`lidar.io.sandbox`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import laspy
import numpy as np
from laspy import DecompressionSelection, LazBackend
from laspy.copc import Bounds, CopcReader
from numpy.typing import NDArray
from pyproj import CRS

from lidar.core.grid import MM_PER_M
from lidar.core.points import Points
from lidar.errors import DecodeError, HeaderError
from lidar.io import chunks, headers
from lidar.io import crs as crs_io
from lidar.io.crs import SourceCrs
from lidar.io.headers import LasHeader
from lidar.io.records import Records, Scaling, Unpacker, as_bytes

Box = tuple[float, float, float, float]

CHUNK_POINTS = 200_000
NEEDED = (
    DecompressionSelection.XY_RETURNS_CHANNEL
    | DecompressionSelection.Z
    | DecompressionSelection.CLASSIFICATION
    | DecompressionSelection.FLAGS
    | DecompressionSelection.INTENSITY
    | DecompressionSelection.SCAN_ANGLE
    | DecompressionSelection.POINT_SOURCE_ID
    | DecompressionSelection.GPS_TIME
)


@dataclass(frozen=True, slots=True)
class LasFile:
    """A file whose header is sound and whose coordinate system is known."""

    header: LasHeader
    source: SourceCrs

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.header.path

    def bounds_m(self) -> Box:
        """Return left, bottom, right, top in metres as the header states them."""
        low, high = self.header.minimum, self.header.maximum
        k = self.source.xy_to_m
        return low[0] * k, low[1] * k, high[0] * k, high[1] * k


def open_checked(path: Path, crs: CRS | None = None) -> LasFile:
    """Check a file's header and find its coordinate system.

    Parameters
    ----------
    path : Path
        LAS, LAZ or COPC file.
    crs : pyproj.CRS, optional
        Used where the file states none.

    Raises
    ------
    HeaderError
        If the header is damaged; the message of the first grave fault.
    CrsError
        If the coordinate system is missing, geographic or not understood.
    """
    header = headers.read(path)
    grave = [f for f in headers.check(header) if f.severity == "refuse"]
    if grave:
        raise HeaderError(grave[0].message, file=path.name, fault=grave[0].code)
    return LasFile(header, crs_io.of(header, crs))


def read(
    path: Path | str,
    bounds: Box | None = None,
    *,
    crs: CRS | None = None,
    origin_m: tuple[int, int, int] | None = None,
    keep_index: bool = False,
) -> Points:
    """Read a file, or the part of it inside bounds.

    Parameters
    ----------
    path : Path or str
        LAS, LAZ or COPC; of a COPC only the part needed is decoded.
    bounds : (left, bottom, right, top), optional
        Metres in the coordinate system of the result, half-open like cells:
        left and top are inside, right and bottom are not.
    crs : pyproj.CRS, optional
        Used where the file states none.
    origin_m : (int, int, int), optional
        Origin of the millimetres; by default `origin_of` the file. A batch must
        give one to all.
    keep_index : bool
        True writes an index of chunks beside the file where there is none, so that the
        next window is read from few of them; one that is there is always used.

    Returns
    -------
    Points
        In file order, withheld points left out, feet turned into metres.

    Raises
    ------
    HeaderError, CrsError
        As `open_checked`.
    DecodeError
        If the points cannot be decoded.

    Examples
    --------
    >>> points = read("tile.laz", (0, 0, 100, 100))  # doctest: +SKIP
    """
    file = open_checked(Path(path), crs)
    origin = origin_m or origin_of([file])
    parts = list(stream(file, origin, bounds, keep_index=keep_index))
    return Points.concatenate(parts) if parts else Points.empty(origin, file.source.crs)


def origin_of(files: list[LasFile]) -> tuple[int, int, int]:
    """Return one origin for a batch: whole kilometres at its south-west, height 0."""
    left = min(f.bounds_m()[0] for f in files)
    bottom = min(f.bounds_m()[1] for f in files)
    return math.floor(left / 1000) * 1000, math.floor(bottom / 1000) * 1000, 0


def stream(
    file: LasFile,
    origin_m: tuple[int, int, int],
    bounds: Box | None = None,
    chunk: int = CHUNK_POINTS,
    *,
    keep_index: bool = False,
) -> Iterator[Points]:
    """Yield the points of a file in order, at most `chunk` of them at a time.

    Parameters and errors as `read`. Memory is bounded by the chunk, for COPC
    with bounds by the part asked for.
    """
    if bounds is not None and not touch(file.bounds_m(), bounds):
        return
    if bounds is None:
        parts: Iterator[Records] = decode(file.header, [(0, file.header.point_count)], chunk)
    elif file.header.copc:
        parts = iter([_copc_part(file, bounds)])
    else:
        parts = _window(file, bounds, chunk, keep_index)
    unpack = unpacker(file, origin_m)
    for records in parts:
        points = unpack.points(records)
        yield points if bounds is None else points.take(inside(points, bounds))


def decode(
    header: LasHeader, spans: list[tuple[int, int]], chunk: int = CHUNK_POINTS
) -> Iterator[Records]:
    """Yield the raw records of spans (first, end) of point numbers, shape (n, record length).

    Where lazrs fails, laszip goes on from the same point, once.

    Raises
    ------
    DecodeError
        If both fail or the file ends early; with the number of the point.
    """
    backends = [LazBackend.Lazrs, LazBackend.Laszip] if header.compressed else [None]
    at, left = 0, [span for span in spans if span[1] > span[0]]
    failure: BaseException | None = None
    for backend in backends:
        try:
            with laspy.open(
                header.path, laz_backend=backend, read_evlrs=False, decompression_selection=NEEDED
            ) as reader:
                while left:
                    first, end = left[0]
                    at = first
                    if reader.points_read != first:
                        reader.seek(first)
                    record = reader.read_points(min(chunk, end - first))
                    left[0] = (first + len(record), end)
                    if not len(record):
                        raise EOFError("the file ends here")
                    yield as_bytes(record.array, header.record_length, header.path.name)
                    if left[0][0] >= end:
                        left.pop(0)
            return
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001  lazrs panics are no Exceptions
            failure = error
    raise DecodeError(
        f"{header.path.name}: cannot be decoded from point {at} of {header.point_count} on "
        f"({str(failure)[:120]}); the file is damaged, copy it again",
        file=header.path.name,
        point=at,
        points=header.point_count,
    ) from failure


def unpacker(file: LasFile, origin_m: tuple[int, int, int]) -> Unpacker:
    """Return what turns a file's records into points of a batch with this origin."""
    header, source = file.header, file.source
    steps = []
    for axis, to_m in enumerate((source.xy_to_m, source.xy_to_m, source.z_to_m)):
        start = (header.offset[axis] * to_m - origin_m[axis]) * MM_PER_M
        steps += [header.scale[axis] * to_m * MM_PER_M, start]
    return Unpacker(header.point_format, Scaling(*steps), origin_m, source.crs)


def _window(file: LasFile, bounds: Box, chunk: int, keep_index: bool) -> Iterator[Records]:
    """Yield the records of the chunks that reach into bounds, of all chunks without an index."""
    header = file.header
    index = chunks.load(header)
    if index is not None:
        yield from decode(header, index.spans(header, _in_file(file, bounds)), chunk)
        return
    size = chunks.points_per_chunk(header) if keep_index else None
    indexer = None if size is None else chunks.Indexer(header, size)
    for records in decode(header, [(0, header.point_count)], chunk):
        if indexer is not None:
            indexer.add(records)
        yield records
    if indexer is not None:
        indexer.save()


def _in_file(file: LasFile, bounds: Box) -> Box:
    """Return bounds in the units of the file, wider by a step of its coordinates."""
    k, margin = file.source.xy_to_m, max(file.header.scale[:2])
    left, bottom, right, top = (v / k for v in bounds)
    return left - margin, bottom - margin, right + margin, top + margin


def _copc_part(file: LasFile, bounds: Box) -> Records:
    left, bottom, right, top = _in_file(file, bounds)
    low, high = np.array([left, bottom]), np.array([right, top])
    try:
        with CopcReader.open(str(file.path), decompression_selection=NEEDED) as reader:
            found = reader.query(bounds=Bounds(low, high))
            return as_bytes(found.array, file.header.record_length, file.path.name)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise DecodeError(
            f"{file.path.name}: the part {bounds} cannot be decoded ({str(error)[:120]}); "
            "the file is damaged, copy it again",
            file=file.path.name,
        ) from error


def touch(a: Box, b: Box) -> bool:
    """Tell whether two boxes have a point in common."""
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def inside(points: Points, bounds: Box) -> NDArray[np.bool_]:
    """Tell which points are inside bounds: left and top are, right and bottom are not."""
    left, bottom, right, top = box_mm(bounds, points.origin_m)
    x, y = points.x_mm, points.y_mm
    return (x >= left) & (x < right) & (y > bottom) & (y <= top)


def box_mm(bounds: Box, origin_m: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Return bounds in metres as whole millimetres from an origin."""
    x, y, _ = origin_m
    left, bottom, right, top = (round(v * MM_PER_M) for v in bounds)
    return left - x * MM_PER_M, bottom - y * MM_PER_M, right - x * MM_PER_M, top - y * MM_PER_M
