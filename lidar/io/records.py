"""Point records as they lie in a file, taken apart in one compiled loop.

A record's bytes go straight into the arrays of `Points`: no copy of the whole
record a field, no floating point coordinates. Layouts: ASPRS LAS 1.4 R15, tables
7 to 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from lidar.core.kernel import kernel
from lidar.core.points import Points
from lidar.errors import DecodeError

Records = NDArray[np.uint8]

LARGEST_MM = 2**31 - 1
DEGREES_PER_STEP = 0.006
_TIME_AT = {1: 20, 3: 20, 4: 20, 5: 20, 6: 22, 7: 22, 8: 22, 9: 22, 10: 22}
_FIRST_LONG_FORMAT = 6


class Scaling(NamedTuple):
    """How stored integers become millimetres: integer x step + start, rounded half to even."""

    x_step: float
    x_start: float
    y_step: float
    y_start: float
    z_step: float
    z_start: float


@dataclass(frozen=True, slots=True)
class Unpacker:
    """Turns raw records of one file into points.

    Parameters
    ----------
    point_format : int
        0 to 10.
    scaling : Scaling
        To millimetres from `origin_m`.
    origin_m : (int, int, int)
    crs : pyproj.CRS
        Of the result, metres.
    """

    point_format: int
    scaling: Scaling
    origin_m: tuple[int, int, int]
    crs: CRS

    def points(self, records: Records) -> Points:
        """Return the points of records, shape (n, record length), without withheld ones.

        A return number of 0, which LAS does not know, becomes 1, and the number of
        returns is raised to it. Points too far from the origin for millimetres in
        32 bits (2147 km) are left out.
        """
        n = len(records)
        xyz = np.empty((3, n), np.int32)
        words, small = np.empty((2, n), np.uint16), np.empty((3, n), np.uint8)
        angle = np.empty(n, np.float32)
        time_at = _TIME_AT.get(self.point_format, -1)
        time = np.empty(n if time_at >= 0 else 0, np.uint64)
        is_long = self.point_format >= _FIRST_LONG_FORMAT
        kept = _unpack(records, is_long, time_at, self.scaling, xyz, words, small, angle, time)
        return Points(
            x_mm=xyz[0, :kept],
            y_mm=xyz[1, :kept],
            z_mm=xyz[2, :kept],
            intensity=words[0, :kept],
            return_number=small[0, :kept],
            return_count=small[1, :kept],
            classification=small[2, :kept],
            scan_angle_deg=angle[:kept],
            line_id=words[1, :kept],
            gps_time=time[:kept].view(np.float64) if time_at >= 0 else None,
            origin_m=self.origin_m,
            crs=self.crs,
        )


def as_bytes(records: NDArray[np.void], record_length: int, name: str) -> Records:
    """Return packed structured records as bytes, shape (n, record length), without a copy.

    Raises
    ------
    DecodeError
        If the records are not as long as the header of file `name` says.
    """
    if records.dtype.itemsize != record_length:
        raise DecodeError(
            f"{name}: records have {records.dtype.itemsize} bytes, the header says {record_length}; "
            "the file is damaged, copy it again",
            file=name,
        )
    return records.view(np.uint8).reshape(len(records), record_length)


@kernel
def as_integers(records: Records, at: int) -> NDArray[np.int32]:
    """Return the signed 32-bit integers that stand at a byte of each record."""
    out = np.empty(records.shape[0], np.int32)
    for i in range(records.shape[0]):
        out[i] = _int32(records[i], at)
    return out


@kernel
def _unpack(
    records: Records,
    is_long: bool,
    time_at: int,
    scaling: Scaling,
    xyz: NDArray[np.int32],
    words: NDArray[np.uint16],
    small: NDArray[np.uint8],
    angle: NDArray[np.float32],
    time: NDArray[np.uint64],
) -> int:
    """Fill the arrays from the front and return how many points were kept."""
    x_step, x_start, y_step, y_start, z_step, z_start = scaling
    k = 0
    for i in range(records.shape[0]):
        b = records[i]
        x = np.rint(_int32(b, 0) * x_step + x_start)
        y = np.rint(_int32(b, 4) * y_step + y_start)
        z = np.rint(_int32(b, 8) * z_step + z_start)
        withheld = b[15] & 4 if is_long else b[15] & 128
        if withheld or not max(abs(x), abs(y), abs(z)) <= LARGEST_MM:
            continue
        xyz[0, k], xyz[1, k], xyz[2, k] = np.int32(x), np.int32(y), np.int32(z)
        words[0, k] = _uint16(b, 12)
        if is_long:
            number, count, kind = b[14] & 15, b[14] >> 4, b[16]
            angle[k] = np.int16(_uint16(b, 18)) * DEGREES_PER_STEP
            words[1, k] = _uint16(b, 20)
        else:
            number, count, kind = b[14] & 7, (b[14] >> 3) & 7, b[15] & 31
            angle[k] = np.int8(b[16])
            words[1, k] = _uint16(b, 18)
        number = max(number, 1)
        small[0, k], small[1, k], small[2, k] = number, max(count, number), kind
        if time_at >= 0:
            low, high = _uint32(b, time_at), _uint32(b, time_at + 4)
            time[k] = np.uint64(low) | (np.uint64(high) << np.uint64(32))
        k += 1
    return k


@kernel
def _uint16(b: Records, at: int) -> np.uint16:
    return np.uint16(b[at] | (np.uint16(b[at + 1]) << 8))


@kernel
def _uint32(b: Records, at: int) -> np.uint32:
    low = np.uint32(b[at]) | (np.uint32(b[at + 1]) << 8)
    return np.uint32(low | (np.uint32(b[at + 2]) << 16) | (np.uint32(b[at + 3]) << 24))


@kernel
def _int32(b: Records, at: int) -> np.int32:
    return np.int32(_uint32(b, at))
