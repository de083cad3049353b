"""The grids of a run and its tiles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.io.las import Box
from lidar.run.params import CANOPY_M, MESH_M, TERRAIN_M, RunParams

SMALLEST_TILE_M = 3 * MESH_M
SLACK = 0.1


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where the points of a file lie, by its header.

    Parameters
    ----------
    bounds_m : (left, bottom, right, top)
    points : int
    """

    bounds_m: Box
    points: int

    def points_in(self, box: Box) -> float:
        """Return how many points fall into a box, were they spread evenly."""
        left, bottom, right, top = self.bounds_m
        across = min(right, box[2]) - max(left, box[0])
        along = min(top, box[3]) - max(bottom, box[1])
        if across < 0 or along < 0:
            return 0.0
        area = max((right - left) * (top - bottom), 1.0)
        return self.points * min(1.0, max(across, 0.5) * max(along, 0.5) / area)


@dataclass(frozen=True, slots=True)
class Tile:
    """A core that owns its cells, plots and tree tops, and the points around it.

    Parameters
    ----------
    core : (left, bottom, right, top)
        Metres, on lines of the 20 m mesh, half-open as cells are.
    buffer_m : float
    """

    core: Box
    buffer_m: float

    @property
    def name(self) -> str:
        """Name from the south-west corner, unique within a run."""
        return f"{self.core[0]:.0f}_{self.core[1]:.0f}"

    @property
    def outer(self) -> Box:
        """The core and its buffer."""
        left, bottom, right, top = self.core
        b = self.buffer_m
        return left - b, bottom - b, right + b, top + b

    def touched_by(self, cloud: Cloud) -> bool:
        """Tell whether a file may have points in the core or its buffer."""
        return cloud.points_in(self.outer) > 0

    def owns(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which places are in the core."""
        left, bottom, right, top = self.core
        return (left <= x_m) & (x_m < right) & (bottom < y_m) & (y_m <= top)


@dataclass(frozen=True, slots=True)
class Layout:
    """Grids of the products, of one extent, and the tiles that fill them."""

    mesh: Grid
    terrain: Grid
    canopy: Grid
    tiles: tuple[Tile, ...]


def layout(clouds: Sequence[Cloud], crs: CRS, params: RunParams) -> Layout:
    """Lay grids over all files and divide them into tiles that some file touches.

    Parameters
    ----------
    clouds : sequence of Cloud
        At least one.
    crs : pyproj.CRS
        Projected, metres.
    params : RunParams
    """
    lefts, bottoms, rights, tops = zip(*(c.bounds_m for c in clouds), strict=True)
    # points on the outer south or east line alone are left out: they would make a row of cells
    extent = (min(lefts), min(bottoms), max(rights), max(tops))
    mesh = Grid.covering(extent, MESH_M, crs)
    return Layout(
        mesh,
        Grid.covering(mesh.bounds, TERRAIN_M, crs),
        Grid.covering(mesh.bounds, CANOPY_M, crs),
        tuple(_tiles(clouds, mesh, params)),
    )


def _tiles(clouds: Sequence[Cloud], mesh: Grid, params: RunParams) -> Iterator[Tile]:
    left, bottom, right, top = mesh.bounds
    columns = list(pairwise(_lines(left, right, params.tile_m)))
    for south, north in list(pairwise(_lines(bottom, top, params.tile_m)))[::-1]:
        for west, east in columns:
            tile = Tile((west, south, east, north), params.buffer_m)
            yield from _divided(clouds, tile, params.tile_points)


def _lines(first: float, last: float, tile_m: float) -> list[float]:
    """Cut a length into parts as equal as lines of the mesh allow: no slivers at the edges."""
    n = max(1, math.ceil((last - first) / tile_m - SLACK))
    return [first + round(i * (last - first) / n / MESH_M) * MESH_M for i in range(n + 1)]


def _divided(clouds: Sequence[Cloud], tile: Tile, most: int) -> Iterator[Tile]:
    """Halve a tile across its longer side until the headers promise few enough points."""
    if not any(cloud.points_in(tile.core) for cloud in clouds):
        return
    left, bottom, right, top = tile.core
    wide = right - left >= top - bottom
    longer = max(right - left, top - bottom)
    if sum(c.points_in(tile.outer) for c in clouds) <= most or longer < 2 * SMALLEST_TILE_M:
        yield tile
        return
    half = round(longer / 2 / MESH_M) * MESH_M
    if wide:
        parts = [(left, bottom, left + half, top), (left + half, bottom, right, top)]
    else:
        parts = [(left, bottom + half, right, top), (left, bottom, right, bottom + half)]
    for core in parts:
        yield from _divided(clouds, Tile(core, tile.buffer_m), most)
