"""Surface and canopy height models: the highest return of each cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import kernel
from lidar.core.points import Points
from lidar.core.sampling import Raster

EMPTY_CELL_RINGS = 3
PIT_DEPTH_M = 2.0
_LOWEST = np.iinfo(np.int32).min


def surface(points: Points, grid: Grid, wanted: NDArray[np.bool_] | None = None) -> Raster:
    """Return the height in metres of the highest usable return of each cell.

    Parameters
    ----------
    points : Points
        Noise (7, 18) and withheld overlap (12) are left out.
    grid : Grid
    wanted : bool array, shape (n,), optional
        Points to leave out besides are False.

    Returns
    -------
    float32 array, shape (rows, cols)
        nan where there is no return; see `fill_pits`.
    """
    usable = points.is_usable() if wanted is None else points.is_usable() & wanted
    highest = _cell_maxima(points.cells(grid), points.z_mm, usable, grid.size)
    return highest.reshape(grid.shape) + np.float32(points.origin_m[2])


def canopy(points: Points, height_m: Raster, grid: Grid) -> Raster:
    """Return the greatest height above ground of the returns of each cell, metres.

    Parameters
    ----------
    points : Points
        Noise (7, 18) and withheld overlap (12) are left out.
    height_m : float32 array, shape (n,)
        Height above ground, see `terrain.heights`; returns with nan are left out.
    grid : Grid
        Usually 0.5 m cells.

    Returns
    -------
    float32 array, shape (rows, cols)
        0 or more, to the millimetre; nan where there is no return.
    """
    height_mm = _whole_mm(height_m)
    wanted = points.is_usable() & (height_mm >= 0)
    return _cell_maxima(points.cells(grid), height_mm, wanted, grid.size).reshape(grid.shape)


def fill_pits(chm_m: Raster, depth_m: float = PIT_DEPTH_M, rings: int = EMPTY_CELL_RINGS) -> Raster:
    """Fill empty cells and pits between higher neighbours.

    Empty cells with three or more known neighbours take their median, ring by
    ring; larger holes stay nan. Then a cell more than `depth_m` lower than at
    least half its eight neighbours takes the median of those: laser light that
    slipped between the branches, not a gap in the canopy.

    Parameters
    ----------
    chm_m : float32 array, shape (rows, cols)
    depth_m : float
        How much lower a pit is.
    rings : int
        How many cells the filling reaches into a hole.

    Returns
    -------
    float32 array of the same shape
        A cell depends on cells up to `rings` + 1 away, no further.
    """
    filled = chm_m
    for _ in range(rings):
        filled = _empty_filled(filled)
    return _pits_filled(filled, depth_m)


def coarser(raster: Raster, times: int) -> Raster:
    """Return the greatest known value of each square of cells, nan where there is none.

    Parameters
    ----------
    raster : float32 array, shape (rows, cols)
        Multiples of `times`.
    times : int
        Edge of a square in cells.
    """
    rows, cols = (n // times for n in raster.shape)
    squares = raster.reshape(rows, times, cols, times)
    return np.asarray(np.fmax.reduce(np.fmax.reduce(squares, axis=3), axis=1), np.float32)


@kernel
def _whole_mm(height_m: Raster) -> NDArray[np.int32]:
    """Round heights to whole millimetres, those below ground to 0; -1 for nan."""
    out = np.empty(height_m.size, np.int32)
    for i in range(height_m.size):
        known = not np.isnan(height_m[i])
        out[i] = max(np.rint(height_m[i] * np.float32(MM_PER_M)), 0.0) if known else -1
    return out


@kernel
def _cell_maxima(
    cells: NDArray[np.int32],
    value_mm: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    n_cells: int,
) -> Raster:
    highest = np.full(n_cells, _LOWEST, np.int32)
    for i in range(cells.size):
        if wanted[i] and cells[i] >= 0 and value_mm[i] > highest[cells[i]]:
            highest[cells[i]] = value_mm[i]
    out = np.empty(n_cells, np.float32)
    for k in range(n_cells):
        out[k] = highest[k] / MM_PER_M if highest[k] != _LOWEST else np.nan
    return out


@kernel
def _neighbours_above(raster: Raster, r: int, c: int, floor: float, out: Raster) -> int:
    """Put the known neighbours above a floor into `out` in rising order; return how many."""
    n = 0
    for i in range(max(r - 1, 0), min(r + 2, raster.shape[0])):
        for j in range(max(c - 1, 0), min(c + 2, raster.shape[1])):
            value = raster[i, j]
            if (i == r and j == c) or not value > floor:
                continue
            k = n
            while k > 0 and out[k - 1] > value:
                out[k] = out[k - 1]
                k -= 1
            out[k] = value
            n += 1
    return n


@kernel
def _median(ordered: Raster, n: int) -> float:
    return float(0.5 * (ordered[(n - 1) // 2] + ordered[n // 2]))


@kernel
def _empty_filled(raster: Raster) -> Raster:
    out = raster.copy()
    near = np.empty(8, np.float32)
    for r in range(raster.shape[0]):
        for c in range(raster.shape[1]):
            if np.isnan(raster[r, c]):
                n = _neighbours_above(raster, r, c, -np.inf, near)
                if n >= 3:
                    out[r, c] = _median(near, n)
    return out


@kernel
def _pits_filled(raster: Raster, depth: float) -> Raster:
    out = raster.copy()
    near = np.empty(8, np.float32)
    for r in range(raster.shape[0]):
        for c in range(raster.shape[1]):
            if not np.isnan(raster[r, c]):
                n = _neighbours_above(raster, r, c, raster[r, c] + depth, near)
                if n >= 4:
                    out[r, c] = _median(near, n)
    return out
