"""Bilinear reading of a raster between its cell centres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lidar.core.grid import Grid, GridMm
from lidar.core.kernel import kernel
from lidar.core.points import Points
from lidar.errors import GridMismatchError

Raster = NDArray[np.float32]


def at_points(raster: Raster, grid: Grid, points: Points) -> Raster:
    """Return the raster's value at each point, float32; nan outside the grid."""
    require_shape(raster, grid)
    return at_mm(raster, points.x_mm, points.y_mm, *grid.in_mm(points.origin_m))


def at_metres(
    raster: Raster, grid: Grid, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> Raster:
    """Return the raster's value at each coordinate, float32; nan outside the grid.

    Coordinates are rounded to whole millimetres, as points are.
    """
    require_shape(raster, grid)
    left, top, cell, rows, cols = grid.in_mm((int(grid.left), int(grid.top), 0))
    x_mm = np.round((np.atleast_1d(x_m) - int(grid.left)) * 1000.0).astype(np.int64)
    y_mm = np.round((np.atleast_1d(y_m) - int(grid.top)) * 1000.0).astype(np.int64)
    return at_mm(raster, x_mm, y_mm, left, top, cell, rows, cols)


def require_shape(raster: NDArray[np.generic], grid: Grid | GridMm) -> None:
    """Check that a raster has the rows and columns of its grid.

    Raises
    ------
    GridMismatchError
        If it has not; the message gives both shapes.
    """
    if raster.shape != (grid.rows, grid.cols):
        raise GridMismatchError(
            f"raster of shape {raster.shape} on a grid of {grid.rows} x {grid.cols} cells",
            shape=raster.shape,
            rows=grid.rows,
            cols=grid.cols,
        )


@kernel
def at_mm(
    raster: Raster,
    x: NDArray[np.signedinteger],
    y: NDArray[np.signedinteger],
    left: int,
    top: int,
    cell: int,
    rows: int,
    cols: int,
) -> Raster:
    """Bilinear value of the four nearest cell centres, without those that are nan.

    Within half a cell of the edge the nearest centres are taken.
    """
    out = np.empty(x.size, np.float32)
    for i in range(x.size):
        out[i] = value_at(raster, x[i] - left, top - y[i], cell)
    return out


@kernel
def value_at(raster: Raster, right: int, down: int, cell: int) -> float:
    """Bilinear value so far from the north-west corner, in the unit of the cell's edge."""
    rows, cols = raster.shape
    if not (0 <= right < cols * cell and 0 <= down < rows * cell):
        return np.nan
    fc = min(max(right / cell - 0.5, 0.0), cols - 1.0)
    fr = min(max(down / cell - 0.5, 0.0), rows - 1.0)
    c0, r0 = int(fc), int(fr)
    c1, r1 = min(c0 + 1, cols - 1), min(r0 + 1, rows - 1)
    east, south = fc - c0, fr - r0
    north_value = raster[r0, c0] * (1.0 - east) + raster[r0, c1] * east
    south_value = raster[r1, c0] * (1.0 - east) + raster[r1, c1] * east
    value = north_value * (1.0 - south) + south_value * south
    if np.isnan(value):
        return _without_nan(raster, fr, fc)
    return float(value)


@kernel
def _without_nan(raster: Raster, fr: float, fc: float) -> float:
    """Mean of the corners that are known, weighted as in bilinear interpolation."""
    total, weight = 0.0, 0.0
    for r in range(int(fr), min(int(fr) + 2, raster.shape[0])):
        for c in range(int(fc), min(int(fc) + 2, raster.shape[1])):
            w = (1.0 - abs(fr - r)) * (1.0 - abs(fc - c))
            if not np.isnan(raster[r, c]) and w > 0.0:
                total += w * raster[r, c]
                weight += w
    return total / weight if weight > 0.0 else np.nan
