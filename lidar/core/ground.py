"""Which points are ground, and which make the terrain model.

A point is ground when it lies close to the surface that `bare_earth` draws under
everything. The terrain model takes fewer points than the class, from a stricter
surface: low vegetation would lift it by 0.1 to 0.3 m.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lidar.core.bare_earth import Surface, SurfaceParams, lowest_points, surfaces
from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import kernel
from lidar.core.points import GROUND, LOW_NOISE, WATER, Points

OTHER = 1

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]
Millimetres = NDArray[np.int32]
Limit = tuple[float, float]


@dataclass(frozen=True, slots=True)
class GroundParams:
    """Settings of the ground filter; slopes are rise over run.

    Parameters
    ----------
    cell_m : float
        Cell of the raster of lowest points.
    surface : SurfaceParams
        How the surfaces under everything are drawn.
    class_m, class_slope : float
        Points within class_m + class_slope x local slope above the surface are
        ground.
    terrain_m, terrain_slope : float
        Same for the points that make the terrain model.
    noise_m : float
        Points this far below the surface (plus class_slope x slope) are low noise.
    """

    cell_m: float = 1.0
    surface: SurfaceParams = field(default_factory=SurfaceParams)
    class_m: float = 0.5
    class_slope: float = 1.25
    terrain_m: float = 0.12
    terrain_slope: float = 0.3
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


def find(points: Points, params: GroundParams | None = None, grid: Grid | None = None) -> Ground:
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
    grid = grid.buffered(params.surface.reach(params.cell_m))
    of_class, of_terrain = surfaces(lowest_points(points, usable, grid), params.surface)
    layers = np.stack((of_class.z_m, of_class.slope, of_terrain.z_m, of_terrain.slope), axis=-1)
    return Ground(
        *_judge(
            (points.x_mm, points.y_mm, points.z_mm),
            usable,
            grid.in_mm(points.origin_m),
            layers,
            _ceiling(of_class, params),
            (
                (params.class_m, params.class_slope),
                (params.terrain_m, params.terrain_slope),
                (params.noise_m, params.class_slope),
            ),
        )
    )


def _ceiling(of_class: Surface, params: GroundParams) -> Raster:
    """Return a height over which no point between a cell's centre and the next ones is ground."""
    limit = of_class.z_m + np.float32(params.class_slope) * of_class.slope
    limit = np.pad(limit, ((0, 1), (0, 1)), mode="edge")
    wide = np.maximum(limit[:, 1:], limit[:, :-1])
    # a centimetre more than enough for the rounding of single precision
    margin = np.float32(params.class_m + 0.01)
    return np.asarray(np.maximum(wide[1:], wide[:-1]) + margin, np.float32)


def is_good(found: DeliveredGround) -> bool:
    """Tell whether delivered ground classes can be used as they are.

    They can when at least 0.5 % of the points are ground, ground (or water) is
    found in at least 70 % of the 20 m cells that have points, and at most 2 % of
    the ground lies high above other points.
    """
    return found.share >= 0.005 and found.spread >= 0.7 and found.high_share <= 0.02


def usable_ground(points: Points) -> bool:
    """Tell whether the delivered ground classes of some points are good; see `is_good`."""
    return is_good(delivered_ground(points))


def is_delivered_terrain(points: Points) -> Mask:
    """Tell which points make the terrain model when delivered classes are used: 2 and 9.

    The face of a lake belongs to the terrain; left out, it would be a void.
    """
    is_terrain: Mask = (points.classification == GROUND) | (points.classification == WATER)
    return is_terrain


def delivered_ground(points: Points) -> DeliveredGround:
    """Measure the delivered ground classes; all 0 when there are no usable points."""
    used = points.take(points.is_usable())
    is_ground = used.classification == GROUND
    if not is_ground.any():
        return DeliveredGround(0.0, 0.0, 0.0)
    mesh = used.cells(Grid.covering(used.box(), 20.0, used.crs))
    covered = np.unique(mesh[is_ground | (used.classification == WATER)])
    n_ground, n_high = count_high(used)
    return DeliveredGround(
        float(is_ground.mean()), covered.size / np.unique(mesh).size, n_high / n_ground
    )


def count_high(points: Points) -> tuple[int, int]:
    """Count the ground points, and those 4 m or more above the lowest of their 2 m cell.

    Noise and withheld overlap are left out.
    """
    is_ground = points.classification == GROUND
    if not is_ground.any():
        return 0, 0
    grid = Grid.covering(points.box(), 2.0, points.crs)
    lowest = _cell_minima(points.cells(grid), points.z_mm, points.is_usable(), grid.size)
    above_mm = points.z_mm[is_ground] - lowest[points.take(is_ground).cells(grid)]
    return above_mm.size, int((above_mm >= 4 * MM_PER_M).sum())


@kernel
def _cell_minima(
    cells: NDArray[np.int32], z_mm: Millimetres, wanted: Mask, n_cells: int
) -> Millimetres:
    lowest = np.full(n_cells, np.iinfo(np.int32).max, np.int32)
    for i in range(cells.size):
        if wanted[i]:
            lowest[cells[i]] = min(lowest[cells[i]], z_mm[i])
    return lowest


@kernel
def _judge(
    xyz: tuple[Millimetres, Millimetres, Millimetres],
    usable: Mask,
    grid: tuple[int, int, int, int, int],
    layers: Raster,
    ceiling: Raster,
    limits: tuple[Limit, Limit, Limit],
) -> tuple[NDArray[np.uint8], Mask]:
    """Class of each point and whether it makes the terrain model.

    Parameters
    ----------
    layers : height and slope of the class surface, height and slope of the stricter one
    ceiling : see `_ceiling`; points above it cost no more than that look
    limits : (constant, per slope) of the class, of the terrain model, of low noise
    """
    x, y, z = xyz
    left, top, cell, rows, cols = grid
    of_class, of_terrain, of_noise = limits
    classes = np.full(x.size, OTHER, np.uint8)
    is_terrain = np.zeros(x.size, np.bool_)
    for i in _low(xyz, grid, ceiling):
        fc = (x[i] - left) / cell - 0.5
        fr = (top - y[i]) / cell - 0.5
        if not (0.0 <= fc < cols - 1 and 0.0 <= fr < rows - 1):
            continue
        r, c = int(fr), int(fc)
        height = z[i] / MM_PER_M
        down, right = fr - r, fc - c
        above = height - _bilinear(layers, 0, r, c, down, right)
        slope = _bilinear(layers, 1, r, c, down, right)
        if above < -(of_noise[0] + of_noise[1] * slope):
            classes[i] = LOW_NOISE
        elif usable[i] and above <= of_class[0] + of_class[1] * slope:
            classes[i] = GROUND
            above = height - _bilinear(layers, 2, r, c, down, right)
            slope = _bilinear(layers, 3, r, c, down, right)
            is_terrain[i] = above <= of_terrain[0] + of_terrain[1] * slope
    return classes, is_terrain


@kernel
def _low(
    xyz: tuple[Millimetres, Millimetres, Millimetres],
    grid: tuple[int, int, int, int, int],
    ceiling: Raster,
) -> NDArray[np.int32]:
    """Points not above the ceiling; without branches, since one is as likely as the other."""
    x, y, z = xyz
    left, top, cell, rows, cols = grid
    per_mm = 1.0 / cell
    low = np.empty(x.size + 1, np.int32)
    n = 0
    for i in range(x.size):
        # a millimetre to the side matters little beside the margin of the ceiling
        c = min(max(int((x[i] - left) * per_mm - 0.5), 0), cols - 1)
        r = min(max(int((top - y[i]) * per_mm - 0.5), 0), rows - 1)
        low[n] = i
        n += not z[i] > ceiling[r, c] * MM_PER_M
    return low[:n]


@kernel
def _bilinear(layers: Raster, layer: int, r: int, c: int, down: float, right: float) -> float:
    north = layers[r, c, layer] * (1.0 - right) + layers[r, c + 1, layer] * right
    south = layers[r + 1, c, layer] * (1.0 - right) + layers[r + 1, c + 1, layer] * right
    return float(north * (1.0 - down) + south * down)
