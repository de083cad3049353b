"""How far it is to the next road: straight, and on the ground around cliffs and rivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from routes.core import buckets
from routes.core.kernel import kernel
from routes.core.terrain import Terrain
from routes.errors import TerrainError

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Steps to the 16 neighbours: sides, corners, knight's moves. The longest detour that they force on
# open ground is 2.7 % (Goodchild 1977, Environment and Planning A 9: 727-737).
_STEPS = np.array(
    [
        (0, 1),
        (1, 0),
        (0, -1),
        (-1, 0),
        (1, 1),
        (1, -1),
        (-1, -1),
        (-1, 1),
        (1, 2),
        (2, 1),
        (2, -1),
        (1, -2),
        (-1, -2),
        (-2, -1),
        (-2, 1),
        (-1, 2),
    ],
    np.int32,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """How one moves off the road.

    Parameters
    ----------
    greatest_slope : float
        Rise over run of a step that is not taken: a cliff.
    slope_weight : float
        Each metre counts 1 + slope_weight x slope of the step; 0 is the length on the ground.
    """

    greatest_slope: float = 1.0
    slope_weight: float = 0.0


def straight_m(terrain: Terrain, roads: NDArray[Any]) -> Raster:
    """Return the distance of each cell's middle to the nearest road, level; infinite without roads.

    Parameters
    ----------
    terrain : Terrain
        Gives the grid.
    roads : object array of LineString
    """
    rows, cols = terrain.shape
    out = np.full(terrain.shape, np.inf, np.float32)
    if not len(roads):
        return out
    tree = shapely.STRtree(_segments(roads))
    every_col = np.arange(cols)
    for row in range(rows):
        points = shapely.points(terrain.centres(np.full(cols, row), every_col))
        _, distance = tree.query_nearest(points, return_distance=True, all_matches=False)
        out[row] = distance
    return out


def ground_m(
    terrain: Terrain, roads: NDArray[Any], barrier: Mask | None = None, ground: Ground | None = None
) -> Raster:
    """Return the distance of each cell to the nearest road on the ground.

    The way leads from middle to middle of 16 neighbouring cells, each step as long as it is on the
    slope; not over cliffs, unknown heights or barriers, nor between barriers that touch at a corner.
    Memory is 12 bytes a cell beside the rasters.

    Parameters
    ----------
    terrain : Terrain
    roads : object array of LineString
        Cells that they touch, and those beside them, begin with the way from their middle to the road.
    barrier : bool array, shape of the terrain, optional
        Rivers and whatever else is not crossed. A road across one is still reached.
    ground : Ground, optional

    Returns
    -------
    float32 array, shape of the terrain
        Metres; infinite where no road can be reached.

    Raises
    ------
    TerrainError
        If the barrier has another shape.
    """
    if barrier is not None and barrier.shape != terrain.shape:
        raise TerrainError(
            f"barriers of shape {barrier.shape} do not fit a terrain model of {terrain.shape}",
            shape=barrier.shape,
            terrain=terrain.shape,
        )
    how = ground or Ground()
    closed = ~np.isfinite(terrain.height_m)
    if barrier is not None:
        closed |= barrier
    cell, distance_m = _beside(terrain, roads, closed, how)
    flat = _spread(
        np.ascontiguousarray(terrain.height_m),
        closed,
        terrain.cell_m,
        cell,
        distance_m,
        (how.greatest_slope, how.slope_weight),
    )
    return flat.reshape(terrain.shape)


def _segments(roads: NDArray[Any]) -> NDArray[Any]:
    """Return the straight pieces of lines: a tree of short boxes answers faster than one of long roads."""
    xy, of = shapely.get_coordinates(roads, return_index=True)
    joined = of[1:] == of[:-1]
    pairs = np.stack([xy[:-1][joined], xy[1:][joined]], axis=1)
    return np.asarray(shapely.linestrings(pairs), object)


def _beside(
    terrain: Terrain, roads: NDArray[Any], closed: Mask, how: Ground
) -> tuple[NDArray[np.int64], Raster]:
    """Return the cells that roads pass through or by, and the way from their middles to the road."""
    if not len(roads):
        return np.empty(0, np.int64), np.empty(0, np.float32)
    dense = shapely.segmentize(roads, terrain.cell_m / 4)
    cells = terrain.cells(shapely.get_coordinates(dense))
    touched = np.zeros(terrain.shape, bool)
    touched[tuple(cells[terrain.inside(cells)].T)] = True
    row, col = np.nonzero(ndimage.binary_dilation(touched) & (~closed | touched))
    middle = terrain.centres(row, col)
    foot = _nearest_points(roads, middle)
    level = np.hypot(*(foot - middle).T)
    rise = np.abs(np.nan_to_num(terrain.height_at(foot) - terrain.height_m[row, col]))
    slope = rise / np.maximum(level, terrain.cell_m / 2)
    away = np.hypot(level, rise) * (1 + how.slope_weight * slope)
    walked = touched[row, col] | (slope <= how.greatest_slope)
    return (row * terrain.shape[1] + col)[walked], away[walked].astype(np.float32)


def _nearest_points(roads: NDArray[Any], xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the point of any road that is nearest to each place, shape (n, 2)."""
    segments = _segments(roads)
    points = shapely.points(xy)
    _, nearest = shapely.STRtree(segments).query_nearest(points, all_matches=False)
    between = shapely.shortest_line(points, segments[nearest])
    return np.asarray(shapely.get_coordinates(shapely.get_point(between, 1)))


@kernel
def _spread(
    height: Raster,
    closed: Mask,
    cell_m: float,
    source: NDArray[np.int64],
    start_m: Raster,
    how: tuple[float, float],
) -> Raster:
    """Search from all sources at once, bucket by bucket; no step is shorter than a cell."""
    greatest_slope, slope_weight = how
    rows, cols = height.shape
    cost = np.full(rows * cols, np.inf, np.float32)
    after = np.empty(rows * cols, np.int32)
    before = np.full(rows * cols, buckets.ABSENT, np.int32)
    run_m = np.sqrt((_STEPS[:, 0] ** 2 + _STEPS[:, 1] ** 2).astype(np.float64)) * cell_m
    longest = 3.0 * np.sqrt(1.0 + greatest_slope**2) * (1.0 + slope_weight * greatest_slope)
    number = int(max(longest, start_m.max() / cell_m if start_m.size else 0.0)) + 3
    heads = np.full(number, -1, np.int32)
    waiting = 0
    for k in range(source.size):
        cost[source[k]] = start_m[k]
        buckets.put(after, before, heads, int(start_m[k] / cell_m) % number, source[k])
        waiting += 1
    current = 0
    while waiting > 0:
        at = heads[current % number]
        if at < 0:
            current += 1
            continue
        buckets.drop(after, before, heads, current % number, at)
        waiting -= 1
        row, col, here = at // cols, at % cols, float(cost[at])
        for k in range(16):
            r, c = row + _STEPS[k, 0], col + _STEPS[k, 1]
            if r < 0 or c < 0 or r >= rows or c >= cols or closed[r, c]:
                continue
            to = r * cols + c
            known = cost[to]
            if known <= here + run_m[k]:
                continue
            if _is_blocked(closed, row, col, k):
                continue
            reached = np.float32(here + _step_m(height, row, col, k, run_m[k], how))
            if reached < known:
                if before[to] != buckets.ABSENT:
                    buckets.drop(after, before, heads, int(known / cell_m) % number, to)
                    waiting -= 1
                cost[to] = reached
                buckets.put(after, before, heads, int(reached / cell_m) % number, to)
                waiting += 1
    return cost


@kernel
def _step_m(
    height: Raster, row: int, col: int, k: int, run_m: float, how: tuple[float, float]
) -> float:
    """Return what a step counts; infinite over a cliff.

    A knight's move passes between two cells: it is measured in two halves, over the mean of their
    heights, so that it does not leap over what they hold.
    """
    start, end = float(height[row, col]), float(height[row + _STEPS[k, 0], col + _STEPS[k, 1]])
    if k < 8:
        return _counted_m(abs(end - start), run_m, how)
    one, other = _passed(row, col, k)
    middle = 0.5 * (float(height[one]) + float(height[other]))
    return _counted_m(abs(middle - start), 0.5 * run_m, how) + _counted_m(
        abs(end - middle), 0.5 * run_m, how
    )


@kernel
def _counted_m(rise_m: float, run_m: float, how: tuple[float, float]) -> float:
    greatest_slope, slope_weight = how
    slope = rise_m / run_m
    if slope > greatest_slope:
        return float(np.inf)
    return float(np.sqrt(run_m**2 + rise_m**2) * (1.0 + slope_weight * slope))


@kernel
def _passed(row: int, col: int, k: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the two cells between which a corner step or a knight's move passes."""
    down, right = _STEPS[k, 0], _STEPS[k, 1]
    if k < 8:
        return (row + down, col), (row, col + right)
    if abs(down) == 1:
        half = right // 2
        return (row, col + half), (row + down, col + half)
    half = down // 2
    return (row + half, col), (row + half, col + right)


@kernel
def _is_blocked(closed: Mask, row: int, col: int, k: int) -> bool:
    """Tell whether a step squeezes between closed cells: both beside a corner, any beside a knight's move."""
    if k < 4:
        return False
    one, other = _passed(row, col, k)
    if k < 8:
        return bool(closed[one] and closed[other])
    return bool(closed[one] or closed[other])
