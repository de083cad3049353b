"""Land cut into 小班 that share their borders, grouped into 林班.

Voronoi cells of a jittered, warped lattice. A border between two seeds is bent inside the
kite that the seeds and the border's ends span. No two kites overlap, so that cells keep
tiling the plane without gap or overlap, whatever is drawn; both neighbours get the same
coordinates, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SMALLEST_HA, LARGEST_HA = 0.5, 20.0
#: Of a 林班, unless its numbers would not fit the four digits of a KEYCODE.
PER_COMPARTMENT = 40
MOST_COMPARTMENTS = 9_000

_HECTARE_M2 = 10_000
_BENDS = 3
_ATTEMPTS = 8
_DENSER = 0.94
_KEPT = 0.5


class NoRoomError(ValueError):
    """The land is too small for that many 小班."""


@dataclass(frozen=True, slots=True)
class Partition:
    """小班 of one municipality in the order of their numbers.

    Attributes
    ----------
    polygons : object array of shapely.Polygon, shape (小班,)
        Metres, in the CRS of the land they were cut from.
    area_ha : float64 array, shape (小班,)
    compartment, number : int64 arrays, shape (小班,)
        Both from 1; `number` counts inside its compartment.
    """

    polygons: NDArray[np.object_]
    area_ha: Floats
    compartment: Whole
    number: Whole


def partition(land: BaseGeometry, count: int, mean_area_ha: float, rng: Generator) -> Partition:
    """Cut `count` 小班 out of land; with fewer of the same seed they are some of the same.

    Parameters
    ----------
    land : shapely geometry
        Polygons in plane metres.
    count : int
    mean_area_ha : float
        Mean size aimed at; sizes lie between `SMALLEST_HA` and `LARGEST_HA`.
    rng : numpy Generator

    Raises
    ------
    NoRoomError
        If they do not fit.
    """
    shapely.prepare(land)
    spacing_m = np.sqrt(mean_area_ha * _HECTARE_M2)
    for attempt in range(_ATTEMPTS):
        seeds, cells = _cells_in(land, spacing_m * _DENSER**attempt, rng)
        if len(cells) >= count:
            return _numbered(*_most_wooded(seeds, cells, count, rng), spacing_m, rng)
    raise NoRoomError(
        f"{count} 小班 of {mean_area_ha:.2f} ha do not fit into {land.area / _HECTARE_M2:.0f} ha"
    )


def tessellation(seeds: Floats, rng: Generator) -> NDArray[np.object_]:
    """Return the bent Voronoi cell of each seed, None where it is open.

    Parameters
    ----------
    seeds : float64 array, shape (seed, 2)
        x, y in metres; no two alike.
    """
    voronoi = Voronoi(seeds)
    ends = np.array(voronoi.ridge_vertices)
    bounded = (ends >= 0).all(axis=1)
    sides = voronoi.ridge_points[bounded]
    borders = _bent(voronoi.vertices[ends[bounded]], seeds[sides], rng)
    closed = np.ones(len(seeds), dtype=bool)
    closed[voronoi.ridge_points[~bounded].ravel()] = False
    return _rings(seeds, sides, borders, closed)


def _bent(ends: Floats, seeds: Floats, rng: Generator) -> Floats:
    """Bend straight borders: (border, end, xy) with their two seeds to (border, 5, xy).

    The first bend goes towards one seed; the halves then bend towards the same seed or back
    to the straight line. Each stays in a triangle of its own.
    """
    n = len(ends)
    first, last = ends[:, 0], ends[:, 1]
    target = seeds[np.arange(n), rng.integers(0, 2, n)]
    base = _between(first, last, rng.uniform(0.35, 0.65, n))
    middle = _between(base, target, rng.uniform(0.0, 0.35, n))
    halves = [_half(first, middle, base, target, rng), _half(middle, last, base, target, rng)]
    return np.stack([first, halves[0], middle, halves[1], last], axis=1)


def _half(start: Floats, end: Floats, base: Floats, target: Floats, rng: Generator) -> Floats:
    n = len(start)
    towards = np.where(rng.random(n)[:, None] < 0.5, base, target)
    along = _between(start, end, rng.uniform(0.35, 0.65, n))
    return _between(along, towards, rng.uniform(0.0, 0.35, n))


def _between(a: Floats, b: Floats, share: Floats) -> Floats:
    return np.asarray(a + share[:, None] * (b - a))


def _rings(
    seeds: Floats, sides: Whole, borders: Floats, closed: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Join borders to one ring a seed, counter-clockwise; a straight cell is convex about its seed."""
    cell = sides.T.ravel()
    lines = np.concatenate([borders, borders])
    used = closed[cell]
    cell, lines = cell[used], lines[used]
    start, end = lines[:, 0] - seeds[cell], lines[:, -1] - seeds[cell]
    clockwise = start[:, 0] * end[:, 1] < start[:, 1] * end[:, 0]
    lines[clockwise] = lines[clockwise, ::-1]
    middle = start + end
    order = np.lexsort((np.arctan2(middle[:, 1], middle[:, 0]), cell))
    ids, ring = np.unique(cell[order], return_inverse=True)
    corners = lines[order, :-1].reshape(-1, 2)
    polygons = shapely.polygons(shapely.linearrings(corners, indices=np.repeat(ring, _BENDS + 1)))
    cells = np.full(len(seeds), None, dtype=object)
    cells[ids] = polygons
    return cells


def _cells_in(
    land: BaseGeometry, spacing_m: float, rng: Generator
) -> tuple[Floats, NDArray[np.object_]]:
    """Return seeds and cells that lie wholly inside the land and are of a 小班's size."""
    seeds = _thinned(_lattice(land, spacing_m * np.sqrt(_KEPT), rng), rng)
    cells = tessellation(seeds, rng)
    hectares = shapely.area(cells) / _HECTARE_M2
    fits = (hectares >= SMALLEST_HA) & (hectares <= LARGEST_HA)
    fits[fits] = shapely.covers(land, cells[fits])
    return seeds[fits], cells[fits]


def _lattice(land: BaseGeometry, spacing_m: float, rng: Generator) -> Floats:
    """Return one point at random in each square of a lattice over the land, then warped."""
    margin_m = 3 * spacing_m
    left, bottom, right, top = land.bounds
    x = np.arange(left - margin_m, right + margin_m, spacing_m)
    y = np.arange(bottom - margin_m, top + margin_m, spacing_m)
    corners = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    points = corners + spacing_m * rng.random(corners.shape)
    warp = np.stack([_waves(points, 1_500, 6_000, rng) for _axis in range(2)], axis=1)
    points += 0.4 * spacing_m * warp
    around = land.buffer(margin_m, quad_segs=2).simplify(spacing_m / 2)
    shapely.prepare(around)
    return np.asarray(points[shapely.contains_xy(around, points)])


def _thinned(points: Floats, rng: Generator) -> Floats:
    """Drop points, in some places more than in others, so that cells come in many sizes."""
    kept = _KEPT + 0.12 * _waves(points, 3_000, 9_000, rng)
    return np.asarray(points[rng.random(len(points)) < kept])


def _waves(points: Floats, shortest_m: float, longest_m: float, rng: Generator) -> Floats:
    """Return a smooth random surface over the points, mean 0 and about -2.5 to 2.5."""
    surface = np.zeros(len(points))
    for _wave in range(8):
        length_m = rng.uniform(shortest_m, longest_m)
        direction = rng.uniform(0, 2 * np.pi)
        along = points @ np.array([np.cos(direction), np.sin(direction)])
        surface += np.sin(2 * np.pi * along / length_m + rng.uniform(0, 2 * np.pi))
    return surface / 2


def _most_wooded(
    seeds: Floats, cells: NDArray[np.object_], count: int, rng: Generator
) -> tuple[Floats, NDArray[np.object_]]:
    """Keep `count` cells: forest comes in large pieces, between which fields and towns lie."""
    wooded = np.argsort(-_waves(seeds, 4_000, 20_000, rng), kind="stable")[:count]
    return seeds[wooded], cells[wooded]


def _numbered(
    seeds: Floats, cells: NDArray[np.object_], spacing_m: float, rng: Generator
) -> Partition:
    """Group cells into compartments, and number both in rows from the north-west."""
    per_compartment = max(PER_COMPARTMENT, -(-len(cells) // MOST_COMPARTMENTS))
    span_m = spacing_m * np.sqrt(per_compartment)
    centres = _lattice(shapely.box(*shapely.total_bounds(cells)), span_m, rng)
    _distance, nearest = cKDTree(centres).query(seeds)
    rank = np.empty(len(centres), dtype=np.int64)
    rank[_in_rows(centres, span_m)] = np.arange(len(centres))
    _used, compartment = np.unique(rank[nearest], return_inverse=True)
    rows = np.empty(len(seeds), dtype=np.int64)
    rows[_in_rows(seeds, spacing_m)] = np.arange(len(seeds))
    order = np.lexsort((rows, compartment))
    compartment = compartment[order] + 1
    first = np.searchsorted(compartment, compartment)
    number = np.arange(len(compartment)) - first + 1
    return Partition(
        polygons=cells[order],
        area_ha=shapely.area(cells[order]) / _HECTARE_M2,
        compartment=compartment,
        number=number,
    )


def _in_rows(points: Floats, height_m: float) -> Whole:
    """Return the order of points in rows of that height, northern rows and western points first."""
    row = np.floor(-points[:, 1] / height_m)
    return np.lexsort((points[:, 0], row))
