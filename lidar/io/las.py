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
from laspy.point.record import ScaleAwarePointRecord
from numpy.typing import NDArray
from pyproj import CRS

from lidar.core.grid import MM_PER_M
from lidar.core.points import Points
from lidar.errors import DecodeError, HeaderError
from lidar.io import crs as crs_io
from lidar.io import headers
from lidar.io.crs import SourceCrs
from lidar.io.headers import LasHeader

Box = tuple[float, float, float, float]

CHUNK_POINTS = 1_000_000
DEGREES_PER_STEP = 0.006
LARGEST_MM = 2**31 - 1
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
    parts = list(stream(file, origin, bounds))
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
) -> Iterator[Points]:
    """Yield the points of a file in order, at most `chunk` of them at a time.

    Parameters and errors as `read`. Memory is bounded by the chunk, for COPC
    with bounds by the part asked for.
    """
    if bounds is not None and not _touches(file.bounds_m(), bounds):
        return
    if file.header.copc and bounds is not None:
        records: Iterator[ScaleAwarePointRecord] = iter([_copc_part(file, bounds)])
    else:
        records = decode(file.header, [(0, file.header.point_count)], chunk)
    for record in records:
        points = to_points(record, file, origin_m)
        yield points if bounds is None else points.take(inside(points, bounds))


def decode(
    header: LasHeader, spans: list[tuple[int, int]], chunk: int = CHUNK_POINTS
) -> Iterator[ScaleAwarePointRecord]:
    """Yield decoded records of spans (first, end) of point numbers.

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
                    reader.seek(first)
                    record = reader.read_points(min(chunk, end - first))
                    left[0] = (first + len(record), end)
                    if not len(record):
                        raise EOFError("the file ends here")
                    yield record
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


def to_points(
    record: ScaleAwarePointRecord, file: LasFile, origin_m: tuple[int, int, int]
) -> Points:
    """Return decoded records as points, without withheld ones.

    A return number of 0, which LAS does not know, becomes 1, and the number of
    returns is raised to it. Points too far from the origin for millimetres in
    32 bits (2147 km) are left out.
    """
    header, source = file.header, file.source
    factors = (source.xy_to_m, source.xy_to_m, source.z_to_m)
    keep = ~np.asarray(record["withheld"], bool)
    mm = []
    for axis in range(3):
        step = header.scale[axis] * factors[axis] * MM_PER_M
        start = (header.offset[axis] * factors[axis] - origin_m[axis]) * MM_PER_M
        values = np.rint(record.array["XYZ"[axis]] * step + start)
        keep &= np.abs(values) <= LARGEST_MM
        mm.append(values)
    number = np.maximum(np.asarray(record["return_number"], np.uint8), 1)[keep]
    return Points(
        x_mm=mm[0][keep].astype(np.int32),
        y_mm=mm[1][keep].astype(np.int32),
        z_mm=mm[2][keep].astype(np.int32),
        intensity=np.asarray(record["intensity"], np.uint16)[keep],
        return_number=number,
        return_count=np.maximum(np.asarray(record["number_of_returns"], np.uint8)[keep], number),
        classification=np.asarray(record["classification"], np.uint8)[keep],
        scan_angle_deg=_scan_angle(record)[keep],
        line_id=np.asarray(record["point_source_id"], np.uint16)[keep],
        gps_time=np.asarray(record["gps_time"], float)[keep] if header.has_gps_time else None,
        origin_m=origin_m,
        crs=source.crs,
    )


def _scan_angle(record: ScaleAwarePointRecord) -> NDArray[np.float32]:
    if "scan_angle" in record.array.dtype.names:
        return np.asarray(record.array["scan_angle"] * DEGREES_PER_STEP, np.float32)
    return np.asarray(record["scan_angle_rank"], np.float32)


def _copc_part(file: LasFile, bounds: Box) -> ScaleAwarePointRecord:
    k = file.source.xy_to_m
    margin = max(file.header.scale[:2])
    low = np.array([bounds[0] / k - margin, bounds[1] / k - margin])
    high = np.array([bounds[2] / k + margin, bounds[3] / k + margin])
    try:
        with CopcReader.open(str(file.path), decompression_selection=NEEDED) as reader:
            return reader.query(bounds=Bounds(low, high))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise DecodeError(
            f"{file.path.name}: the part {bounds} cannot be decoded ({str(error)[:120]}); "
            "the file is damaged, copy it again",
            file=file.path.name,
        ) from error


def _touches(a: Box, b: Box) -> bool:
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
