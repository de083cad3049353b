"""Roads of a simulated scene: a public road, forest roads by least cost, strip roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra

from lidar.simulate.fields import Frame
from lidar.simulate.params import SceneParams
from lidar.simulate.terrain import Relief, valley_line

Array = NDArray[np.float64]

_STEP_M = 12.0
_EASY_GRADE = 0.14
_ROAD_OFF_STREAM_M = 24.0


@dataclass(frozen=True, slots=True)
class Road:
    """One road line.

    Attributes
    ----------
    name : str
    road_class : str
        ``public_road``, ``forest_road`` or ``strip_road``.
    surface : str
        ``paved``, ``gravel`` or ``earth``.
    width_m : float
        Width of the carriageway.
    clearing_m : float
        Width without trees.
    line : shapely.LineString
        In the scene's plane rectangular system.
    """

    name: str
    road_class: str
    surface: str
    width_m: float
    clearing_m: float
    line: shapely.LineString


def make_roads(params: SceneParams, relief: Relief, rng: np.random.Generator) -> list[Road]:
    """Return the roads of the scene; the public road runs through from west to east."""
    public = _public_road(params)
    paths = _Paths(params, relief)
    forest = [_forest_road(params, paths, public, k) for k in range(_forest_road_count(params))]
    strips = [
        _strip_road(params, paths, forest[k % len(forest)], k, rng)
        for k in range(max(1, round(params.area_m2 / 190_000)))
    ]
    return [public, *forest, *strips]


def _public_road(params: SceneParams) -> Road:
    x = np.arange(params.west_m, params.west_m + params.width_m + 10.0, 10.0)
    y = valley_line(params, x) + _ROAD_OFF_STREAM_M
    line = shapely.LineString(np.column_stack([x, y]))
    return Road("架空町道 滝の沢線", "public_road", "paved", 5.5, 12.0, line)


def _forest_road_count(params: SceneParams) -> int:
    return max(1, round(params.area_m2 / 640_000))


def _forest_road(params: SceneParams, paths: _Paths, public: Road, k: int) -> Road:
    """Climb from the public road to a corner, alternately on the north and the south side."""
    count = _forest_road_count(params)
    start = public.line.interpolate((k + 0.35) / (count + 0.2), normalized=True)
    u = 0.1 if k % 2 else 0.85
    v = 0.06 if k % 3 == 2 else 0.93
    end = (params.west_m + u * params.width_m, params.south_m + v * params.height_m)
    line = paths.between((start.x, start.y), end)
    return Road(f"架空林道 {k + 1}号線", "forest_road", "gravel", 4.0, 7.5, line)


def _strip_road(
    params: SceneParams, paths: _Paths, parent: Road, k: int, rng: np.random.Generator
) -> Road:
    start = parent.line.interpolate(rng.uniform(0.1, 0.95), normalized=True)
    angle = rng.uniform(0, 2 * np.pi)
    reach = rng.uniform(120.0, 330.0)
    left, bottom, right, top = params.bounds
    end = (
        float(np.clip(start.x + reach * np.cos(angle), left + 25, right - 25)),
        float(np.clip(start.y + reach * np.sin(angle), bottom + 25, top - 25)),
    )
    line = paths.between((start.x, start.y), end)
    return Road(f"架空作業道 {k + 1}", "strip_road", "earth", 3.0, 3.6, line)


class _Paths:
    """Least-cost lines over the relief: climbing costs by the square of the grade."""

    def __init__(self, params: SceneParams, relief: Relief) -> None:
        self.frame = Frame.around(params.bounds, _STEP_M)
        x, y = self.frame.nodes()
        self.x, self.y = x.ravel(), y.ravel()
        self.graph = _grade_graph(self.frame, relief.at(self.x, self.y))

    def between(self, start: tuple[float, float], end: tuple[float, float]) -> shapely.LineString:
        """Return a smooth line from start to end, metres."""
        first, last = self._node(start), self._node(end)
        _, before = dijkstra(self.graph, indices=first, return_predecessors=True)
        nodes = [last]
        while nodes[-1] != first and before[nodes[-1]] >= 0:
            nodes.append(int(before[nodes[-1]]))
        inner = nodes[::-1][1:]
        xy = np.array([start, *((self.x[n], self.y[n]) for n in inner)])
        if len(xy) < 2:
            xy = np.array([start, end])
        return shapely.LineString(_chaikin(_chaikin(_relaxed(xy))))

    def _node(self, place: tuple[float, float]) -> int:
        row, col = self.frame.nearest(np.array([place[0]]), np.array([place[1]]))
        return int(row[0] * self.frame.cols + col[0])


def _grade_graph(frame: Frame, elevation_m: Array) -> csr_matrix:
    """Return the graph of 16 neighbours, weighted by length and grade."""
    index = np.arange(frame.rows * frame.cols).reshape(frame.rows, frame.cols)
    moves = [(0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)]
    starts, ends, weights = [], [], []
    for dr, dc in moves:
        a = index[: frame.rows - dr, max(0, -dc) : frame.cols - max(0, dc)].ravel()
        b = a + dr * frame.cols + dc
        length = frame.step_m * np.hypot(dr, dc)
        grade = np.abs(elevation_m[b] - elevation_m[a]) / length
        starts.append(a)
        ends.append(b)
        weights.append(length * (1 + (grade / _EASY_GRADE) ** 2))
    rows, cols = np.concatenate(starts), np.concatenate(ends)
    size = index.size
    half = coo_matrix((np.concatenate(weights), (rows, cols)), shape=(size, size)).tocsr()
    return half + half.T


def _relaxed(xy: Array) -> Array:
    """Draw the inner points of a line towards their neighbours: no bend tighter than a lorry's."""
    xy = xy.copy()
    for _ in range(6):
        xy[1:-1] = 0.5 * xy[1:-1] + 0.25 * (xy[:-2] + xy[2:])
    return xy


def _chaikin(xy: Array) -> Array:
    """Cut the corners of a line once, keeping both ends."""
    near = 0.75 * xy[:-1] + 0.25 * xy[1:]
    far = 0.25 * xy[:-1] + 0.75 * xy[1:]
    inner = np.stack([near, far], axis=1).reshape(-1, 2)
    return np.vstack([xy[:1], inner, xy[-1:]])
