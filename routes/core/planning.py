"""New roads from the network to a place: the cheapest lines that keep the limits of a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely import LineString

from routes.core import curves, plan_search
from routes.core.profile import Profile, profile
from routes.core.standard import Prices, Standard
from routes.core.terrain import Terrain
from routes.errors import PlanError

Array = NDArray[np.float64]
Raster = NDArray[np.float32]

_ALIKE = 0.6
_BESIDE_CELLS = 3
_DEARER = 1.5
_TRIES_PER_LINE = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """A proposed road.

    Attributes
    ----------
    xy : float64 array, shape (n, 2)
        Vertices, from the network to the target.
    line : LineString
        With its corners rounded.
    junction : LineString
        From the road that it leaves to its first vertex, at most a cell long.
    profile : Profile
        Without faults.
    cost : float
        Length and cut at the prices asked for, in their money.
    """

    xy: Array
    line: LineString
    junction: LineString
    profile: Profile
    cost: float


def plan(
    terrain: Terrain,
    roads: NDArray[Any],
    target_xy: tuple[float, float],
    standard: Standard,
    prices: Prices,
    *,
    factor: Raster | None = None,
    lines: int = 1,
) -> list[Plan]:
    """Propose lines from the nearest worthwhile road to a place, the cheapest first.

    Parameters
    ----------
    terrain : Terrain
        Cells of 5 to 20 m; vertices lie in the middle of cells.
    roads : object array of LineString
        The network; a line may leave it anywhere.
    target_xy : (float, float)
    standard, prices
    factor : float32 array, shape of the terrain, optional
        Price of building in a cell relative to open ground, 1 or more; infinite where no line may
        run (protected areas, rivers).
    lines : int
        Alternatives share at most 60 % of their cells with any cheaper one; fewer come back
        where there are no more.

    Raises
    ------
    PlanError
        If no line keeps the limits, or the target cannot be built at; says which.
    """
    worth = _worth(terrain, factor)
    sources, target = _sources(terrain, roads), _target(terrain, worth, target_xy)
    found: list[Plan] = []
    walked: list[NDArray[np.int64]] = []
    for _ in range(_TRIES_PER_LINE * lines):
        cells = plan_search.search(terrain, worth, sources, target, standard, prices)
        if not cells.size:
            break
        made = _made(terrain, cells, roads, standard, prices)
        if made.profile.faults:
            # What is left is a line that crosses itself: the place where it does is closed to it.
            worth = _closed_at_crossing(terrain, worth, made.xy)
            continue
        if all(_shared(cells, other) <= _ALIKE for other in walked):
            found.append(made)
        walked.append(cells)
        if len(found) == lines:
            break
        worth = _dearer_beside(terrain, worth, cells)
    if not found:
        raise PlanError(
            f"no line from the network to ({target_xy[0]:.0f}, {target_xy[1]:.0f}) keeps a gradient of "
            f"{standard.greatest_gradient:.0%}, a radius of {standard.least_radius_m:.0f} m and a cross slope "
            f"of {standard.greatest_cross_slope:.0%}; choose another class, another target, or open an area",
            target=target_xy,
        )
    return sorted(found, key=lambda one: one.cost)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a new road brings within reach.

    Attributes
    ----------
    area_ha : float
    volume_m3 : float
        On the area that was beyond reach and is no more.
    volume_m3_per_m : float
        Over the length of the road.
    """

    area_ha: float
    volume_m3: float
    volume_m3_per_m: float


def opened(
    before_m: Raster,
    after_m: Raster,
    within_m: float,
    volume_m3ha: Raster,
    cell_m: float,
    length_m: float,
) -> Opened:
    """Compare distances to the road before and after, on one grid; cells of unknown volume count none."""
    gained = (after_m <= within_m) & ~(before_m <= within_m)
    cell_ha = cell_m**2 / 10_000
    volume = float(np.nansum(volume_m3ha[gained], dtype=np.float64)) * cell_ha
    return Opened(float(gained.sum()) * cell_ha, volume, volume / length_m if length_m > 0 else 0.0)


def _worth(terrain: Terrain, factor: Raster | None) -> Raster:
    if factor is None:
        return np.ones(terrain.shape, np.float32)
    if factor.shape != terrain.shape or np.nanmin(factor) < 1:
        raise PlanError(
            f"prices of cells have shape {factor.shape} and begin at {np.nanmin(factor):.2f}; they need the "
            f"shape of the terrain, {terrain.shape}, and values of 1 or more",
            shape=factor.shape,
        )
    return np.where(np.isnan(factor), np.inf, factor).astype(np.float32)


def _sources(terrain: Terrain, roads: NDArray[Any]) -> NDArray[np.int64]:
    """Return the cells of known height that roads pass through."""
    dense = shapely.segmentize(roads, terrain.cell_m / 4)
    cells = terrain.cells(shapely.get_coordinates(dense))
    cells = np.unique(cells[terrain.inside(cells)], axis=0)
    known = np.isfinite(terrain.height_m[tuple(cells.T)])
    if not known.any():
        raise PlanError(
            "no road of the network lies on the terrain model; take a larger piece of it"
        )
    return np.asarray(cells[known, 0] * terrain.shape[1] + cells[known, 1], np.int64)


def _target(terrain: Terrain, worth: Raster, target_xy: tuple[float, float]) -> int:
    (row, col), *_ = terrain.cells(np.array([target_xy], np.float64))
    inside = terrain.inside(np.array([[row, col]]))[0]
    if not inside or not np.isfinite(terrain.height_m[row, col]) or np.isinf(worth[row, col]):
        why = "no height is known" if inside and np.isfinite(worth[row, col]) else "no line may run"
        raise PlanError(
            f"at ({target_xy[0]:.0f}, {target_xy[1]:.0f}) {why if inside else 'the terrain model ends'}; "
            "move the target",
            target=target_xy,
        )
    return int(row * terrain.shape[1] + col)


def _made(
    terrain: Terrain,
    cells: NDArray[np.int64],
    roads: NDArray[Any],
    standard: Standard,
    prices: Prices,
) -> Plan:
    xy = terrain.centres(cells // terrain.shape[1], cells % terrain.shape[1])
    if len(xy) == 1:
        xy = np.repeat(xy, 2, axis=0)
    held = profile(xy, terrain, standard)
    first = shapely.Point(xy[0])
    tree = shapely.STRtree(roads)
    junction = LineString(shapely.shortest_line(roads[int(tree.nearest(first))], first))
    cost = prices.per_m * held.length_m + prices.per_m3 * held.cut_m3
    return Plan(xy, curves.rounded(xy, standard.least_radius_m), junction, held, cost)


def _shared(cells: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    return np.intersect1d(cells, other).size / cells.size


def _dearer_beside(terrain: Terrain, worth: Raster, cells: NDArray[np.int64]) -> Raster:
    """Make cells along a line dearer, so that the next one looks for another way."""
    on = np.zeros(terrain.shape, bool)
    on.ravel()[cells] = True
    beside = ndimage.binary_dilation(on, iterations=_BESIDE_CELLS)
    return np.where(beside, worth * np.float32(_DEARER), worth)


def _closed_at_crossing(terrain: Terrain, worth: Raster, xy: Array) -> Raster:
    noded = shapely.get_parts(shapely.node(LineString(xy)))
    ends = np.concatenate([shapely.get_coordinates(part)[[0, -1]] for part in noded])
    places, count = np.unique(ends.round(3), axis=0, return_counts=True)
    cells = terrain.cells(places[count > 2])
    closed = worth.copy()
    closed[tuple(cells.T)] = np.inf
    return closed
