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
        right, down = x[i] - left, top - y[i]
        if not (0 <= right < cols * cell and 0 <= down < rows * cell):
            out[i] = np.nan
            continue
        fc = min(max(right / cell - 0.5, 0.0), cols - 1.0)
        fr = min(max(down / cell - 0.5, 0.0), rows - 1.0)
        c0, r0 = int(fc), int(fr)
        total, weight = 0.0, 0.0
        for r in range(r0, min(r0 + 2, rows)):
            for c in range(c0, min(c0 + 2, cols)):
                value = raster[r, c]
                w = (1.0 - abs(fr - r)) * (1.0 - abs(fc - c))
                if not np.isnan(value) and w > 0.0:
                    total += w * value
                    weight += w
        out[i] = total / weight if weight > 0.0 else np.nan
    return out
