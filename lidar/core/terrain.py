"""Terrain model: mean of the terrain points of a cell, holes by minimum curvature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core import sampling
from lidar.core.fill import fill_holes, surrounded
from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import kernel
from lidar.core.points import Points

VOID_M = 5.0
FILL_RADIUS_M = 30.0
MARGIN_M = 10.0

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Terrain(NamedTuple):
    """A terrain model and where it is only a guess.

    Attributes
    ----------
    dtm_m : float32 array, shape (rows, cols)
        Height of the ground in metres, to the millimetre; nan in the midst of holes too wide to fill
        and more than 10 m beyond the outermost terrain points.
    void : bool array, shape (rows, cols)
        True where the nearest cell with a terrain point is more than 5 m away.
    """

    dtm_m: Raster
    void: Mask


def model(
    points: Points,
    is_terrain_point: Mask,
    grid: Grid,
    fill_radius_m: float = FILL_RADIUS_M,
) -> Terrain:
    """Return the terrain model of a grid, usually of 1 m cells.

    The mean of a cell is taken over whole millimetres, so it does not depend on
    the order of the points.

    Parameters
    ----------
    points : Points
    is_terrain_point : bool array, shape (n,)
        Which points make the model, see `ground.find`.
    grid : Grid
        Points up to the fill radius outside it take part, where there are any.
    fill_radius_m : float
        Holes up to twice as wide are filled. A tile needs a buffer at least as wide
        as the radius.

    Returns
    -------
    Terrain
        All nan and void when there is no terrain point.
    """
    reach = max(1, round(fill_radius_m / grid.cell_m))
    wide = grid.buffered(reach)
    mean = _cell_means(points.cells(wide), points.z_mm, is_terrain_point, wide.size)
    mean = mean.reshape(wide.shape)
    known = ~np.isnan(mean)
    if not known.any():
        return Terrain(np.full(grid.shape, np.nan, np.float32), np.ones(grid.shape, np.bool_))
    covered = surrounded(known, reach, min(reach, round(MARGIN_M / grid.cell_m)))
    above_origin = fill_holes(mean, covered, wide.first_cell).astype(np.float64)
    dtm = (np.round(above_origin, 3) + points.origin_m[2]).astype(np.float32)
    void = ndimage.distance_transform_edt(~known) * grid.cell_m > VOID_M
    window = wide.window_of(grid)
    return Terrain(dtm[window].copy(), void[window].copy())


def sample(dtm_m: Raster, grid: Grid, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> Raster:
    """Return the terrain height in metres at coordinates, bilinear.

    nan outside the grid and where all four neighbours are nan.
    """
    return sampling.at_metres(dtm_m, grid, x_m, y_m)


def heights(points: Points, dtm_m: Raster, grid: Grid) -> Raster:
    """Return the height of each point above the terrain in metres, float32, nan if unknown."""
    sampling.require_shape(dtm_m, grid)
    left, top, cell, _, _ = grid.in_mm(points.origin_m)
    origin_mm = points.origin_m[2] * MM_PER_M
    return _heights(dtm_m, points.x_mm, points.y_mm, points.z_mm, left, top, cell, origin_mm)


@kernel
def _heights(
    dtm: Raster,
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    z: NDArray[np.int32],
    left: int,
    top: int,
    cell: int,
    origin: int,
) -> Raster:
    rows, cols = dtm.shape
    per_mm = 1.0 / cell
    out = np.empty(x.size, np.float32)
    for i in range(x.size):
        fc, fr = (x[i] - left) * per_mm - 0.5, (top - y[i]) * per_mm - 0.5
        terrain_m = np.nan
        if 0.0 <= fc < cols - 1 and 0.0 <= fr < rows - 1:
            r, c = int(fr), int(fc)
            north = dtm[r, c] + (dtm[r, c + 1] - dtm[r, c]) * (fc - c)
            south = dtm[r + 1, c] + (dtm[r + 1, c + 1] - dtm[r + 1, c]) * (fc - c)
            terrain_m = north + (south - north) * (fr - r)
        if np.isnan(terrain_m):
            terrain_m = sampling.value_at(dtm, x[i] - left, top - y[i], cell)
        out[i] = (z[i] + origin) / MM_PER_M - terrain_m
    return out


@kernel
def _cell_means(
    cells: NDArray[np.int32], z_mm: NDArray[np.int32], wanted: Mask, n_cells: int
) -> Raster:
    total = np.zeros(n_cells, np.int64)
    count = np.zeros(n_cells, np.int32)
    for i in range(cells.size):
        if wanted[i] and cells[i] >= 0:
            total[cells[i]] += z_mm[i]
            count[cells[i]] += 1
    out = np.empty(n_cells, np.float32)
    for k in range(n_cells):
        out[k] = total[k] / (count[k] * MM_PER_M) if count[k] else np.nan
    return out
