"""Terrain model: mean of the terrain points of a cell, holes by minimum curvature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core import sampling
from lidar.core.fill import fill_holes
from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import kernel
from lidar.core.points import Points

VOID_M = 5.0
FILL_RADIUS_M = 30.0

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Terrain(NamedTuple):
    """A terrain model and where it is only a guess.

    Attributes
    ----------
    dtm_m : float32 array, shape (rows, cols)
        Height of the ground in metres; nan further than the fill radius from
        any terrain point.
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
        Points outside it are not used.
    fill_radius_m : float
        How far from a cell with points holes are filled. A tile needs a buffer at
        least as wide.

    Returns
    -------
    Terrain
        All nan and void when there is no terrain point.
    """
    mean = _cell_means(points.cells(grid), points.z_mm, is_terrain_point, grid.size)
    mean = mean.reshape(grid.shape)
    known = ~np.isnan(mean)
    if not known.any():
        return Terrain(np.full(grid.shape, np.nan, np.float32), ~known)
    distance_m = ndimage.distance_transform_edt(~known) * grid.cell_m
    dtm = fill_holes(mean, grid.first_cell) + np.float32(points.origin_m[2])
    dtm[distance_m > fill_radius_m] = np.nan
    return Terrain(dtm, distance_m > VOID_M)


def sample(dtm_m: Raster, grid: Grid, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> Raster:
    """Return the terrain height in metres at coordinates, bilinear.

    nan outside the grid and where all four neighbours are nan.
    """
    return sampling.at_metres(dtm_m, grid, x_m, y_m)


def heights(points: Points, dtm_m: Raster, grid: Grid) -> Raster:
    """Return the height of each point above the terrain in metres, float32, nan if unknown."""
    terrain_m = sampling.at_points(dtm_m, grid, points)
    return (points.z_m() - terrain_m).astype(np.float32)


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
