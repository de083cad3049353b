"""小班 and 林班 of a simulated scene: polygons that follow ridges, valleys and roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra

from lidar.simulate.fields import Frame
from lidar.simulate.params import SceneParams
from lidar.simulate.roads import Road
from lidar.simulate.terrain import Relief

Array = NDArray[np.float64]
Labels = NDArray[np.int32]

_STEP_M = 5.0
_KEYCODE_PREFIX = "119901"
"""振興局 11, 市町村 99 (no such municipality: the data is invented), 図郭 01."""
_FIRST_COMPARTMENT = 41


@dataclass(frozen=True, slots=True)
class Subcompartment:
    """One 小班: its numbers and its polygon in the scene's system."""

    keycode: str
    compartment: int
    number: int
    polygon: shapely.Polygon

    @property
    def area_ha(self) -> float:
        """Plane area in hectares."""
        return float(self.polygon.area) / 10_000


def make_layout(
    params: SceneParams, relief: Relief, roads: list[Road], rng: np.random.Generator
) -> list[Subcompartment]:
    """Return 小班 that cover the scene but the public road, sharing their borders.

    Ground is given to the nearest of some seeds along paths that dislike ridges, streams and
    roads, so borders come to lie there; seeds move to the middle of their ground three times.
    """
    frame = Frame.around(params.bounds, _STEP_M)
    graph = _border_graph(frame, relief, roads)
    seeds = _seeds(params, frame, rng)
    labels = _allot(frame, graph, seeds)
    for _ in range(3):
        labels = _allot(frame, graph, _centres(frame, labels, len(seeds)))
    faces = _faces(params, _polygons(frame, labels), roads)
    least_m2 = 0.32 * params.compartment_ha * 10_000
    return _numbered(_merge_small(faces, least_m2), params)


def label_raster(frame: Frame, polygons: list[shapely.Polygon]) -> Labels:
    """Return the index of the polygon over each node of a frame, -1 outside; row 0 south."""
    half = frame.step_m / 2
    transform = Affine(frame.step_m, 0, frame.west_m - half, 0, frame.step_m, frame.south_m - half)
    pairs = [(polygon, i) for i, polygon in enumerate(polygons)]
    raster: Labels = rasterize(
        pairs, out_shape=(frame.rows, frame.cols), transform=transform, fill=-1, dtype="int32"
    )
    return raster


def _border_graph(frame: Frame, relief: Relief, roads: list[Road]) -> csr_matrix:
    x, y = frame.nodes()
    z = relief.at(x.ravel(), y.ravel()).reshape(x.shape)
    bend = np.abs(gaussian_filter(z, 3) - gaussian_filter(z, 9))
    cost = 1 + 4 * np.clip(bend / 2.5, 0, 2) ** 2
    lines = [r.line.buffer(_STEP_M) for r in roads if r.road_class != "strip_road"]
    cost[label_raster(frame, lines) >= 0] = 40.0
    index = np.arange(cost.size).reshape(cost.shape)
    flat = cost.ravel()
    pairs = [
        (index[:, :-1], index[:, 1:], 1.0),
        (index[:-1], index[1:], 1.0),
        (index[:-1, :-1], index[1:, 1:], 1.4142),
        (index[:-1, 1:], index[1:, :-1], 1.4142),
    ]
    a = np.concatenate([p[0].ravel() for p in pairs])
    b = np.concatenate([p[1].ravel() for p in pairs])
    length = np.concatenate([np.full(p[0].size, p[2]) for p in pairs])
    weights = length * (flat[a] + flat[b]) / 2
    half = coo_matrix((weights, (a, b)), shape=(flat.size, flat.size)).tocsr()
    return half + half.T


def _seeds(params: SceneParams, frame: Frame, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return node numbers of a jittered grid of seeds."""
    # A quarter more seeds than 小班: cutting by the road and merging takes some away.
    count = max(4, round(1.25 * params.area_m2 / 10_000 / params.compartment_ha))
    cols = max(2, round(np.sqrt(count * params.width_m / params.height_m)))
    rows = max(2, round(count / cols))
    u, v = np.meshgrid((np.arange(cols) + 0.5) / cols, (np.arange(rows) + 0.5) / rows)
    u = u + rng.uniform(-0.3, 0.3, u.shape) / cols
    v = v + rng.uniform(-0.3, 0.3, v.shape) / rows
    x, y = params.west_m + u * params.width_m, params.south_m + v * params.height_m
    row, col = frame.nearest(x.ravel(), y.ravel())
    return row * frame.cols + col


def _allot(frame: Frame, graph: csr_matrix, seeds: NDArray[np.intp]) -> Labels:
    _, _, source = dijkstra(graph, indices=seeds, min_only=True, return_predecessors=True)
    order = {int(seed): i for i, seed in enumerate(seeds)}
    labels = np.array([order[int(s)] for s in source], dtype=np.int32)
    return labels.reshape(frame.rows, frame.cols)


def _centres(frame: Frame, labels: Labels, count: int) -> NDArray[np.intp]:
    """Return for each label the node of its own that is nearest to its centroid."""
    nodes = []
    for i in range(count):
        r, c = np.nonzero(labels == i)
        best = np.argmin((r - r.mean()) ** 2 + (c - c.mean()) ** 2)
        nodes.append(r[best] * frame.cols + c[best])
    return np.unique(np.array(nodes, dtype=np.intp))


def _polygons(frame: Frame, labels: Labels) -> list[shapely.Polygon]:
    """Return one polygon a label, smooth, sharing their borders."""
    transform = Affine(
        _STEP_M, 0, frame.west_m - _STEP_M / 2, 0, _STEP_M, frame.south_m - _STEP_M / 2
    )
    parts: dict[int, list[shapely.Geometry]] = {}
    for geometry, value in shapes(labels, connectivity=4, transform=transform):
        parts.setdefault(int(value), []).append(shapely.geometry.shape(geometry))
    whole = [shapely.union_all(parts[value]) for value in sorted(parts)]
    smooth: list[shapely.Polygon] = list(shapely.coverage_simplify(whole, tolerance=9.0))
    return smooth


def _faces(
    params: SceneParams, polygons: list[shapely.Polygon], roads: list[Road]
) -> list[shapely.Polygon]:
    """Cut the polygons to the scene's inside and off the public road's land.

    All lines are noded together, so that neighbours keep exactly the same border.
    """
    left, bottom, right, top = params.bounds
    inset = min(15.0, params.width_m / 40)
    inside = shapely.box(left + inset, bottom + inset, right - inset, top - inset)
    land = shapely.union_all(
        [r.line.buffer(r.clearing_m / 2) for r in roads if r.road_class == "public_road"]
    )
    borders = [shapely.boundary(g) for g in (*polygons, inside, land)]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(borders)]))
    wanted = shapely.difference(inside, land)
    middle = shapely.point_on_surface(faces)
    return [face for face, m in zip(faces, middle, strict=True) if wanted.contains(m)]


def _merge_small(faces: list[shapely.Polygon], least_m2: float) -> list[shapely.Polygon]:
    """Join each face smaller than this to the neighbour with the longest common border."""
    faces = list(faces)
    while True:
        smallest = min(range(len(faces)), key=lambda i: float(faces[i].area))
        if faces[smallest].area >= least_m2 or len(faces) == 1:
            return faces
        small = faces.pop(smallest)
        common = [float(shapely.intersection(small, face).length) for face in faces]
        if max(common) > 0:
            best = int(np.argmax(common))
            faces[best] = cast("shapely.Polygon", shapely.coverage_union(small, faces[best]))


def _numbered(polygons: list[shapely.Polygon], params: SceneParams) -> list[Subcompartment]:
    """Give numbers to 小班 inside 林班 of about a dozen, 林班 as bands across the scene."""
    bands = max(1, round(len(polygons) / 11))
    across = np.array([p.centroid.x - params.west_m for p in polygons]) / params.width_m
    rank = np.argsort(np.argsort(across, kind="stable"), kind="stable")
    band = rank * bands // len(polygons)
    result = []
    for k in range(bands):
        members = [p for p, b in zip(polygons, band, strict=True) if b == k]
        members.sort(key=lambda p: (-round(p.centroid.y, 3), p.centroid.x))
        for number, polygon in enumerate(members, start=1):
            compartment = _FIRST_COMPARTMENT + k
            keycode = f"{_KEYCODE_PREFIX}{compartment:04d}{number:04d}"
            result.append(Subcompartment(keycode, compartment, number, shapely.normalize(polygon)))
    return result
