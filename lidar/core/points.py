"""Points of a batch as plain arrays, coordinates in whole millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import floor_div, kernel
from lidar.errors import PointsMismatchError

GROUND = 2
LOW_NOISE = 7
WATER = 9
OVERLAP = 12
HIGH_NOISE = 18
EXCLUDED_CLASSES = (LOW_NOISE, OVERLAP, HIGH_NOISE)

DIMENSIONS = {
    "x_mm": np.int32,
    "y_mm": np.int32,
    "z_mm": np.int32,
    "intensity": np.uint16,
    "return_number": np.uint8,
    "return_count": np.uint8,
    "classification": np.uint8,
    "scan_angle_deg": np.float32,
    "line_id": np.uint16,
}


@dataclass(frozen=True, slots=True)
class Points:
    """Laser returns, one array per dimension, all of length n.

    Parameters
    ----------
    x_mm, y_mm, z_mm : int32 arrays
        Millimetres from `origin_m`. One origin serves a whole batch, so a point
        gets the same numbers whatever file or tile it is read with.
    intensity : uint16 array
    return_number, return_count, classification : uint8 arrays
        As in LAS; returns count from 1.
    scan_angle_deg : float32 array
        Degrees from nadir, positive to the right.
    line_id : uint16 array
        Point source id, the flight line.
    gps_time : float64 array or None
        None when the point format has no time.
    origin_m : (int, int, int)
        Whole metres x, y, z.
    crs : pyproj.CRS
        Projected, metres.

    Raises
    ------
    PointsMismatchError
        If the arrays differ in length or are not of the stated type.
    """

    x_mm: NDArray[np.int32]
    y_mm: NDArray[np.int32]
    z_mm: NDArray[np.int32]
    intensity: NDArray[np.uint16]
    return_number: NDArray[np.uint8]
    return_count: NDArray[np.uint8]
    classification: NDArray[np.uint8]
    scan_angle_deg: NDArray[np.float32]
    line_id: NDArray[np.uint16]
    gps_time: NDArray[np.float64] | None
    origin_m: tuple[int, int, int]
    crs: CRS

    def __post_init__(self) -> None:
        for name, dtype in DIMENSIONS.items():
            array = getattr(self, name)
            if array.dtype != dtype or array.shape != self.x_mm.shape or array.ndim != 1:
                raise PointsMismatchError(
                    f"points: {name} is {array.dtype}{array.shape}, "
                    f"needs {np.dtype(dtype)}{self.x_mm.shape}",
                    name=name,
                )
        if self.gps_time is not None and self.gps_time.shape != self.x_mm.shape:
            raise PointsMismatchError("points: gps_time has another length", name="gps_time")

    def __len__(self) -> int:
        return len(self.x_mm)

    @classmethod
    def empty(cls, origin_m: tuple[int, int, int], crs: CRS) -> Points:
        """Return no points, with times."""
        arrays = {name: np.empty(0, dtype) for name, dtype in DIMENSIONS.items()}
        return cls(**arrays, gps_time=np.empty(0), origin_m=origin_m, crs=crs)

    @classmethod
    def concatenate(cls, parts: Sequence[Points]) -> Points:
        """Join one or more parts of one origin and coordinate system, in order.

        Times are kept only when every part has them.

        Raises
        ------
        PointsMismatchError
            If there are no parts, or they differ in origin or coordinate system.
        """
        if not parts:
            raise PointsMismatchError("points: nothing to join", name="parts")
        if any(a.origin_m != b.origin_m or a.crs != b.crs for a, b in pairwise(parts)):
            raise PointsMismatchError(
                "points: parts differ in origin or coordinate system", name="origin_m"
            )
        arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in DIMENSIONS}
        times = [p.gps_time for p in parts if p.gps_time is not None]
        gps_time = np.concatenate(times) if len(times) == len(parts) else None
        return cls(**arrays, gps_time=gps_time, origin_m=parts[0].origin_m, crs=parts[0].crs)

    def take(self, which: NDArray[np.bool_] | NDArray[np.integer] | slice) -> Points:
        """Return the points of a mask, of indices or of a slice."""
        arrays = {name: getattr(self, name)[which] for name in DIMENSIONS}
        gps_time = None if self.gps_time is None else self.gps_time[which]
        return replace(self, **arrays, gps_time=gps_time)

    def x_m(self) -> NDArray[np.float64]:
        """Return x in metres of the coordinate system."""
        return _metres(self.x_mm, self.origin_m[0])

    def y_m(self) -> NDArray[np.float64]:
        """Return y in metres of the coordinate system."""
        return _metres(self.y_mm, self.origin_m[1])

    def z_m(self) -> NDArray[np.float64]:
        """Return z in metres."""
        return _metres(self.z_mm, self.origin_m[2])

    def box(self) -> tuple[float, float, float, float]:
        """Return left, bottom, right, top in metres, half-open.

        Cells own their west and north edges, so right and bottom lie one
        millimetre beyond the outermost points: every point is inside
        ``Grid.covering(points.box(), ...)``.

        Raises
        ------
        PointsMismatchError
            If there are no points.
        """
        if not len(self):
            raise PointsMismatchError("points: no points, no bounds", name="x_mm")
        x, y, _ = self.origin_m
        return (
            x + int(self.x_mm.min()) / MM_PER_M,
            y + (int(self.y_mm.min()) - 1) / MM_PER_M,
            x + (int(self.x_mm.max()) + 1) / MM_PER_M,
            y + int(self.y_mm.max()) / MM_PER_M,
        )

    def is_usable(self) -> NDArray[np.bool_]:
        """Tell which points are neither noise (7, 18) nor withheld overlap (12)."""
        usable = np.ones(256, np.bool_)
        usable[list(EXCLUDED_CLASSES)] = False
        return usable[self.classification]

    def within(self, x_m: float, y_m: float, radius_m: float) -> NDArray[np.int32]:
        """Return the indices of the points in a circle, its line included."""
        x, y = x_m - self.origin_m[0], y_m - self.origin_m[1]
        return _within(self.x_mm, self.y_mm, x, y, radius_m)

    def cells(self, grid: Grid) -> NDArray[np.int32]:
        """Return the cell ``row * cols + col`` of each point, -1 outside the grid."""
        return _cells(self.x_mm, self.y_mm, *grid.in_mm(self.origin_m))


def _metres(mm: NDArray[np.int32], origin_m: int) -> NDArray[np.float64]:
    return (mm + np.int64(origin_m * MM_PER_M)) / MM_PER_M


@kernel
def _within(
    x: NDArray[np.int32], y: NDArray[np.int32], x_m: float, y_m: float, radius_m: float
) -> NDArray[np.int32]:
    which = np.empty(x.size, np.int32)
    n = 0
    for i in range(x.size):
        which[n] = i
        n += (x[i] / MM_PER_M - x_m) ** 2 + (y[i] / MM_PER_M - y_m) ** 2 <= radius_m * radius_m
    return which[:n].copy()


@kernel
def _cells(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    left: int,
    top: int,
    cell: int,
    rows: int,
    cols: int,
) -> NDArray[np.int32]:
    out = np.empty(x.size, np.int32)
    per_mm = 1.0 / cell
    for i in range(x.size):
        col = floor_div(x[i] - left, per_mm)
        row = floor_div(top - y[i], per_mm)
        inside = 0 <= col < cols and 0 <= row < rows
        out[i] = row * cols + col if inside else -1
    return out
