"""Ground points by a simple morphological filter on rasters (SMRF).

After Pingel, Clarke and McBride (2013), ISPRS Journal 77: 21-30, with octagons
for discs, and a stricter acceptance for the points that make the terrain model
than for the class, which keeps low vegetation out of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lidar.core import sampling
from lidar.core.fill import fill_holes
from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import kernel
from lidar.core.morphology import dilate, erode_step
from lidar.core.points import GROUND, LOW_NOISE, WATER, Points

OTHER = 1
_NO_POINT = np.iinfo(np.int32).max

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class GroundParams:
    """Settings of the filter; slopes are rise over run.

    Parameters
    ----------
    cell_m : float
        Cell of the raster of minima.
    slope : float
        What rises faster than this over the radius of an opening is an object.
    max_radius_m : float
        Half the width of the widest object to remove.
    outlier_slope : float
        A lone cell this much below its neighbours is no ground.
    refine_m, refine_slope : float
        A cell stays in the surface if its minimum lies within
        refine_m + refine_slope x local slope above it.
    refinements : int
        How often the surface is made anew from the cells that stay.
    class_m, class_slope : float
        Same for the points that get the ground class.
    terrain_m, terrain_slope : float
        Same for the points that make the terrain model.
    noise_m : float
        Points this far below the surface (plus class_slope x slope) are low noise.
    """

    cell_m: float = 1.0
    slope: float = 0.15
    max_radius_m: float = 18.0
    outlier_slope: float = 5.0
    refine_m: float = 0.12
    refine_slope: float = 1.5
    refinements: int = 3
    class_m: float = 0.5
    class_slope: float = 1.25
    terrain_m: float = 0.12
    terrain_slope: float = 0.4
    noise_m: float = 2.0


class Ground(NamedTuple):
    """Classes of points, and which of them make the terrain model.

    Attributes
    ----------
    classification : uint8 array, shape (n,)
        2 ground, 1 other, 7 low noise.
    is_terrain_point : bool array, shape (n,)
    """

    classification: NDArray[np.uint8]
    is_terrain_point: Mask


class DeliveredGround(NamedTuple):
    """How much of a delivery is classified as ground, each 0 to 1.

    Attributes
    ----------
    share : float
        Share of the usable points that are ground.
    spread : float
        Share of the 20 m cells with points that hold ground or water.
    high_share : float
        Share of the ground points that lie 4 m or more above the lowest point
        of their 2 m cell, so can hardly be ground.
    """

    share: float
    spread: float
    high_share: float


def classify(points: Points, params: GroundParams | None = None) -> NDArray[np.uint8]:
    """Return the class of each point: 2 ground, 1 other, 7 low noise; see `find`."""
    return find(points, params).classification


def find(points: Points, params: GroundParams | None = None) -> Ground:
    """Tell ground from other points, whatever classes were delivered.

    Noise and withheld overlap (classes 7, 18, 12) do not take part; they come
    out as 1, or as 7 when far below the surface.

    Parameters
    ----------
    points : Points
    params : GroundParams, optional

    Returns
    -------
    Ground
        Does not depend on the order of the points.
    """
    params = params or GroundParams()
    usable = points.is_usable()
    if not usable.any():
        return Ground(np.full(len(points), OTHER, np.uint8), np.zeros(len(points), np.bool_))
    grid = Grid.covering(points.box(), params.cell_m, points.crs)
    lowest = _cell_minima(points.cells(grid), points.z_mm, usable, grid.size)
    surface, slope = _bare_surface(lowest.reshape(grid.shape), params)
    terrain_m = sampling.at_points(surface, grid, points)
    above_m = (points.z_mm / MM_PER_M - terrain_m).astype(np.float32)
    return _accept(above_m, sampling.at_points(slope, grid, points), usable, params)


def usable_ground(points: Points) -> bool:
    """Tell whether delivered ground classes can be used as they are.

    They can when at least 0.5 % of the points are ground, ground (or water) is
    found in at least 70 % of the 20 m cells that have points, and at most 2 % of
    the ground lies high above other points.
    """
    found = delivered_ground(points)
    return found.share >= 0.005 and found.spread >= 0.7 and found.high_share <= 0.02


def delivered_ground(points: Points) -> DeliveredGround:
    """Measure the delivered ground classes; all 0 when there are no usable points."""
    used = points.take(points.is_usable())
    is_ground = used.classification == GROUND
    if not is_ground.any():
        return DeliveredGround(0.0, 0.0, 0.0)
    mesh = used.cells(Grid.covering(used.box(), 20.0, used.crs))
    covered = np.unique(mesh[is_ground | (used.classification == WATER)])
    grid = Grid.covering(used.box(), 2.0, used.crs)
    cells = used.cells(grid)
    lowest = _cell_minima(cells, used.z_mm, np.ones(len(used), np.bool_), grid.size)
    above_m = used.z_mm[is_ground] / MM_PER_M - lowest[cells[is_ground]]
    return DeliveredGround(
        float(is_ground.mean()),
        covered.size / np.unique(mesh).size,
        float((above_m >= 4.0).mean()),
    )


def _accept(above_m: Raster, slope: Raster, usable: Mask, params: GroundParams) -> Ground:
    is_low = above_m < -(params.noise_m + params.class_slope * slope)
    is_ground = usable & ~is_low & (above_m <= params.class_m + params.class_slope * slope)
    margin = params.terrain_m + params.terrain_slope * slope
    classification = np.full(above_m.shape, OTHER, np.uint8)
    classification[is_ground] = GROUND
    classification[is_low] = LOW_NOISE
    return Ground(classification, is_ground & (above_m <= margin))


def _bare_surface(lowest: Raster, params: GroundParams) -> tuple[Raster, Raster]:
    """Return the ground under everything, and its slope, from the minima of cells."""
    lowest = np.where(_outliers(lowest, params), np.nan, lowest)
    is_object = _objects(fill_holes(lowest), params)
    surface = fill_holes(np.where(is_object, np.nan, lowest))
    slope = _slope(surface, params.cell_m)
    for _ in range(params.refinements):
        is_object = lowest - surface > params.refine_m + params.refine_slope * slope
        surface = fill_holes(np.where(is_object, np.nan, lowest))
        slope = _slope(surface, params.cell_m)
    return surface, slope


def _outliers(lowest: Raster, params: GroundParams) -> Mask:
    upside_down = -fill_holes(lowest)
    opened = dilate(erode_step(upside_down, 1), 1)
    return upside_down - opened > params.outlier_slope * params.cell_m


def _objects(surface: Raster, params: GroundParams) -> Mask:
    """Mark what ever wider openings cut off, more than the slope allows."""
    found = np.zeros(surface.shape, np.bool_)
    eroded, last, done = surface, surface, 0
    for radius in _radii(round(params.max_radius_m / params.cell_m)):
        for step in range(done + 1, radius + 1):
            eroded = erode_step(eroded, step)
        opened = dilate(eroded, radius)
        found |= last - opened > params.slope * radius * params.cell_m
        last, done = opened, radius
    return found


def _radii(largest: int) -> list[int]:
    return [*range(1, min(6, largest) + 1), *range(8, largest + 1, 2)]


def _slope(surface: Raster, cell_m: float) -> Raster:
    """Rise over run by central differences."""
    padded = np.pad(surface, 1, mode="edge").astype(np.float64)
    east = padded[1:-1, 2:] - padded[1:-1, :-2]
    south = padded[2:, 1:-1] - padded[:-2, 1:-1]
    return (np.hypot(east, south) / (2.0 * cell_m)).astype(np.float32)


@kernel
def _cell_minima(
    cells: NDArray[np.int32], z_mm: NDArray[np.int32], usable: Mask, n_cells: int
) -> Raster:
    """Lowest usable point of each cell in metres, nan where there is none."""
    lowest = np.full(n_cells, _NO_POINT, np.int32)
    for i in range(cells.size):
        if usable[i] and cells[i] >= 0 and z_mm[i] < lowest[cells[i]]:
            lowest[cells[i]] = z_mm[i]
    out = np.empty(n_cells, np.float32)
    for k in range(n_cells):
        out[k] = lowest[k] / MM_PER_M if lowest[k] != _NO_POINT else np.nan
    return out
