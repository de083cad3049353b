"""Surfaces of the bare earth under plants and buildings, from the lowest points of cells.

A simple morphological filter (Pingel, Clarke and McBride 2013, ISPRS Journal 77:
21-30) with octagons for discs. What is added here: the allowed slope follows the
ruggedness of the ground, so that quarries and cliffs stay while slopes with
buildings are still cleared; lowest points are levelled from where they lie to the
centre of their cell; and a second, stricter surface for the terrain model leaves
out low vegetation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core import sampling
from lidar.core.fill import fill_holes, surrounded
from lidar.core.grid import MM_PER_M, Grid, GridMm
from lidar.core.kernel import kernel
from lidar.core.morphology import dilate, erode_step
from lidar.core.points import Points

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]
_SWEEPS = 10  # half of what a terrain model gets: kappa differs by 0.1 %
Real = TypeVar("Real", np.float32, np.float64)


@dataclass(frozen=True, slots=True)
class SurfaceParams:
    """Settings of the two surfaces; slopes are rise over run.

    Parameters
    ----------
    max_radius_m : float
        Half the width of the widest object to remove.
    outlier_slope : float
        A lone cell this much below its neighbours is no ground.
    first_slope : float
        What rises faster than this over the radius of an opening is an object,
        for the first surface, from which ruggedness is measured.
    slope, slope_per_ruggedness : float
        Same for the surface of the ground class: slope + slope_per_ruggedness x
        ruggedness, the standard deviation of the gradient around a cell.
    ruggedness_m : float
        Width of the square in which ruggedness is measured.
    refine_m, refine_slope : float
        A cell comes back into the surface of the class when its lowest point lies
        within refine_m + refine_slope x slope above it.
    terrain_slope : float
        As first_slope, for the surface of the terrain model.
    terrain_m, terrain_margin_slope : float
        A cell leaves that surface when its lowest point lies more than
        terrain_m + terrain_margin_slope x slope above the smoothed surface.
    terrain_rounds : int
        How often that is done.
    smoothing_m : float
        Standard deviation of that smoothing.
    hole_radius_m : float
        Holes up to twice as wide are bridged; wider ones are edges of the land.
    edge_margin_m : float
        How far the land goes on beyond its outermost points. Without it openings
        cut the upper edge of a slope; with much more, guesses take part.
    """

    max_radius_m: float = 18.0
    outlier_slope: float = 5.0
    first_slope: float = 0.15
    slope: float = 0.12
    slope_per_ruggedness: float = 0.3
    ruggedness_m: float = 31.0
    refine_m: float = 0.12
    refine_slope: float = 1.0
    terrain_slope: float = 0.2
    terrain_m: float = 0.1
    terrain_margin_slope: float = 0.3
    terrain_rounds: int = 3
    smoothing_m: float = 1.0
    hole_radius_m: float = 30.0
    edge_margin_m: float = 3.0

    def reach(self, cell_m: float) -> int:
        """Return the hole radius in cells."""
        return max(1, round(self.hole_radius_m / cell_m))


class Surface(NamedTuple):
    """A surface in metres above the origin of the points, and its slope (rise over run)."""

    z_m: Raster
    slope: Raster


class LowestPoints(NamedTuple):
    """The lowest usable point of each cell that has one.

    Attributes
    ----------
    cell : int64 array, shape (k,)
    x_mm, y_mm : int32 arrays, shape (k,)
    z_m : float32 array, shape (k,)
    grid : GridMm
        In millimetres from the origin of the points.
    first_cell : (int, int)
        Its first cell on the plane.
    """

    cell: NDArray[np.int64]
    x_mm: NDArray[np.int32]
    y_mm: NDArray[np.int32]
    z_m: Raster
    grid: GridMm
    first_cell: tuple[int, int]

    @property
    def cell_m(self) -> float:
        """Edge of a cell in metres."""
        return self.grid.cell / MM_PER_M

    def subset(self, keep: Mask) -> LowestPoints:
        """Return some of the points."""
        return self._replace(
            cell=self.cell[keep], x_mm=self.x_mm[keep], y_mm=self.y_mm[keep], z_m=self.z_m[keep]
        )

    def above(self, surface: Raster) -> Raster:
        """Return how far each point lies above a surface, metres."""
        return self.z_m - sampling.at_mm(surface, self.x_mm, self.y_mm, *self.grid)


def lowest_points(points: Points, usable: Mask, grid: Grid) -> LowestPoints:
    """Find the lowest usable point of each cell; of equals the western, then southern."""
    index = _lowest(points.cells(grid), points.x_mm, points.y_mm, points.z_mm, usable, grid.size)
    cell = np.flatnonzero(index >= 0)
    found = index[cell]
    return LowestPoints(
        cell,
        points.x_mm[found],
        points.y_mm[found],
        (points.z_mm[found] / MM_PER_M).astype(np.float32),
        grid.in_mm(points.origin_m),
        grid.first_cell,
    )


@dataclass(frozen=True, slots=True)
class _Land:
    """Lowest points, and the land they lie on: the cells not beyond an edge of the data.

    Beyond the edges a surface goes on level from the nearest cell of the land, so it
    does not matter how far a raster reaches there.
    """

    lowest: LowestPoints
    covered: Mask
    beyond: NDArray[np.int64]
    nearest: NDArray[np.int64]

    @classmethod
    def under(cls, lowest: LowestPoints, params: SurfaceParams) -> _Land:
        known = np.zeros(lowest.grid.rows * lowest.grid.cols, np.bool_)
        known[lowest.cell] = True
        covered = surrounded(
            known.reshape(lowest.grid.rows, lowest.grid.cols),
            params.reach(lowest.cell_m),
            round(params.edge_margin_m / lowest.cell_m),
        )
        rows, cols = ndimage.distance_transform_edt(
            ~covered, return_distances=False, return_indices=True
        )
        beyond = np.flatnonzero(~covered)
        nearest = np.ravel_multi_index((rows, cols), covered.shape).ravel()[beyond]
        return cls(lowest, covered, beyond, nearest)

    def surface(self, keep: Mask | None = None, z_m: Raster | None = None) -> Raster:
        """Return the surface through some of the points, holes filled."""
        raster = np.full(self.covered.size, np.nan, np.float32)
        which: Mask | slice = slice(None) if keep is None else keep
        raster[self.lowest.cell[which]] = (self.lowest.z_m if z_m is None else z_m)[which]
        raster = fill_holes(
            raster.reshape(self.covered.shape),
            self.covered,
            self.lowest.first_cell,
            sweeps=_SWEEPS,
        )
        raster.ravel()[self.beyond] = raster.ravel()[self.nearest]
        return raster

    def at_cells(self, raster: NDArray[Real]) -> NDArray[Real]:
        """Return a raster's value in the cell of each point."""
        return raster.ravel()[self.lowest.cell]


def surfaces(lowest: LowestPoints, params: SurfaceParams) -> tuple[Surface, Surface]:
    """Return the surface of the ground class and the stricter one of the terrain model."""
    lowest = lowest.subset(~_is_outlier(_Land.under(lowest, params), params))
    land = _Land.under(lowest, params)
    steepness = _steepness(land, params.max_radius_m)
    return _class_surface(land, steepness, params), _terrain_surface(land, steepness, params)


def _class_surface(land: _Land, steepness: Raster, params: SurfaceParams) -> Surface:
    cell_m = land.lowest.cell_m
    first = land.surface(steepness <= params.first_slope)
    rugged = _ruggedness(land, first, params.ruggedness_m)
    surface = land.surface(steepness <= params.slope + params.slope_per_ruggedness * rugged)
    above = land.lowest.above(surface)
    slope = land.at_cells(_slope(surface, cell_m))
    keep = above <= params.refine_m + params.refine_slope * slope
    refined = land.surface(keep, land.at_cells(surface) + above)
    return Surface(refined, _slope(refined, cell_m))


def _terrain_surface(land: _Land, steepness: Raster, params: SurfaceParams) -> Surface:
    cell_m = land.lowest.cell_m
    keep = steepness <= params.terrain_slope
    z_m = land.lowest.z_m
    for _ in range(params.terrain_rounds):
        smooth = _smoothed(land.surface(keep, z_m), params.smoothing_m / cell_m)
        above = land.lowest.above(smooth)
        slope = land.at_cells(_slope(smooth, cell_m))
        keep &= above <= params.terrain_m + params.terrain_margin_slope * slope
        z_m = land.at_cells(smooth) + above
    surface = land.surface(keep, z_m)
    return Surface(surface, _slope(_smoothed(surface, params.smoothing_m / cell_m), cell_m))


def _is_outlier(land: _Land, params: SurfaceParams) -> Mask:
    upside_down = -land.surface()
    depth = upside_down - dilate(erode_step(upside_down, 1), 1)
    outlier: Mask = land.at_cells(depth) > params.outlier_slope * land.lowest.cell_m
    return outlier


def _steepness(land: _Land, max_radius_m: float) -> Raster:
    """Return the greatest cut of ever wider openings at each point, over the radius.

    A cell is an object for a slope threshold of the filter when its steepness is
    greater: one array serves every threshold. Openings end at the edge of the land.
    """
    cell_m, edge = land.lowest.cell_m, ~land.covered
    surface = land.surface()
    steepest = np.zeros_like(land.lowest.z_m)
    eroded = np.where(edge, np.float32(np.inf), surface)
    last, done = land.at_cells(surface), 0
    for radius in _radii(round(max_radius_m / cell_m)):
        for step in range(done + 1, radius + 1):
            eroded = erode_step(eroded, step)
        opened = land.at_cells(dilate(np.where(edge, np.float32(-np.inf), eroded), radius))
        np.maximum(steepest, (last - opened) / np.float32(radius * cell_m), out=steepest)
        last, done = opened, radius
    return steepest


def _radii(largest: int) -> list[int]:
    return [*range(1, min(6, largest) + 1), *range(8, largest + 1, 2)]


def _ruggedness(land: _Land, surface: Raster, width_m: float) -> Raster:
    """Return the standard deviation of the gradient around each point; 0 on any plane."""
    east, south = _gradient(surface, land.lowest.cell_m)
    size = max(1, round(width_m / land.lowest.cell_m))

    def total(raster: NDArray[np.float64]) -> NDArray[np.float64]:
        summed: NDArray[np.float64] = ndimage.uniform_filter(
            np.where(land.covered, raster, 0.0), size, mode="constant"
        )
        return land.at_cells(summed)

    n = total(np.ones_like(east))
    variance = total(east**2 + south**2) / n - (total(east) / n) ** 2 - (total(south) / n) ** 2
    return np.sqrt(np.maximum(variance, 0.0)).astype(np.float32)


def _smoothed(surface: Raster, sd_cells: float) -> Raster:
    smooth: Raster = ndimage.gaussian_filter(surface, sd_cells)
    return smooth


@kernel
def _slope(surface: Raster, cell_m: float) -> Raster:
    """Rise over run by central differences; beyond the edge goes on what is at it."""
    rows, cols = surface.shape
    out = np.empty_like(surface)
    for r in range(rows):
        up, down = max(r - 1, 0), min(r + 1, rows - 1)
        for c in range(cols):
            left, right = max(c - 1, 0), min(c + 1, cols - 1)
            east = np.float64(surface[r, right]) - surface[r, left]
            south = np.float64(surface[down, c]) - surface[up, c]
            out[r, c] = np.sqrt(east * east + south * south) / (2.0 * cell_m)
    return out


def _gradient(surface: Raster, cell_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rise over run to the east and south by central differences."""
    padded = np.pad(surface, 1, mode="edge").astype(np.float64)
    east = (padded[1:-1, 2:] - padded[1:-1, :-2]) / (2.0 * cell_m)
    south = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / (2.0 * cell_m)
    return east, south


@kernel
def _lowest(
    cells: NDArray[np.int32],
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    z: NDArray[np.int32],
    usable: Mask,
    n_cells: int,
) -> NDArray[np.int32]:
    index = np.full(n_cells, -1, np.int32)
    for i in range(cells.size):
        if not usable[i] or cells[i] < 0:
            continue
        k = index[cells[i]]
        if (
            k < 0
            or z[i] < z[k]
            or (z[i] == z[k] and (x[i] < x[k] or (x[i] == x[k] and y[i] < y[k])))
        ):
            index[cells[i]] = i
    return index
