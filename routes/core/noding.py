"""From lines as they were drawn to a network: cut at crossings, closed over gaps, without doubles.

Lines that meet on one level are cut where they cross or touch; a bridge or tunnel joins others
only at its ends. Ends closer than a stated tolerance to each other, or to another line, are
joined. What was odd is reported (`routes.core.findings`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from routes.core import lines as cutting
from routes.core.findings import Finding, Oddity
from routes.core.inspection import inspect
from routes.core.network import Network
from routes.core.roads import Roads
from routes.errors import RoadsError

Index = NDArray[np.int64]
Metres = NDArray[np.float64]

_LEAST_M = 1e-3


@dataclass(frozen=True, slots=True)
class Noding:
    """A network made of lines, and what was odd about them."""

    network: Network
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Where lines are to be cut: which line, how far along."""

    line: Index
    at_m: Metres


def node(roads: Roads, tolerance_m: float = 1.0) -> Noding:
    """Make a network of roads.

    Parameters
    ----------
    roads : Roads
        May cross themselves and each other.
    tolerance_m : float
        Gaps up to this are closed, pieces up to this that come back to their beginning left out.

    Returns
    -------
    Noding
        Does not depend on the order of the roads but for the numbers of nodes and edges.

    Raises
    ------
    RoadsError
        If the tolerance is not positive.
    """
    if not tolerance_m > 0:
        raise RoadsError(f"a tolerance of {tolerance_m} m closes no gap; give one above 0")
    findings: list[Finding] = []
    parts, source = _simple_parts(roads, findings)
    crossings = _crossings(parts, source, findings, tolerance_m)
    touches = _touches(parts, source, findings, tolerance_m)
    cuts = _Cuts(*(np.concatenate(pair) for pair in zip(crossings, touches, strict=True)))
    pieces = cutting.cut(parts.geometry, cuts.line, cuts.at_m, _LEAST_M)
    roads = parts.take(pieces.line).with_geometry(pieces.geometry)
    network = _join(roads, source[pieces.line], findings, tolerance_m)
    network = _without_stubs(network, findings, tolerance_m)
    network = _without_doubles(network, findings, tolerance_m)
    return Noding(network, (*findings, *inspect(network, tolerance_m)))


def _simple_parts(roads: Roads, findings: list[Finding]) -> tuple[Roads, Index]:
    """Return roads of some length, those that cross themselves cut there, and where they came from."""
    length = shapely.length(roads.geometry)
    for i in np.flatnonzero(length <= _LEAST_M):
        x, y = shapely.get_coordinates(roads.geometry[i])[0]
        findings.append(Finding(Oddity.ZERO_LENGTH, x, y, (int(i),), float(length[i])))
    kept = np.flatnonzero(length > _LEAST_M)
    geometry = roads.geometry[kept].copy()
    crossed = ~shapely.is_simple(geometry)
    geometry[crossed] = shapely.node(geometry[crossed])
    single, of = shapely.get_parts(geometry, return_index=True)
    source = kept[of]
    return roads.take(source).with_geometry(np.asarray(single, object)), source.astype(np.int64)


def _crossings(
    parts: Roads, source: Index, findings: list[Finding], tolerance_m: float
) -> tuple[Index, Metres]:
    """Return cuts at points that lines of one level have in common."""
    tree = shapely.STRtree(parts.geometry)
    one, other = tree.query(parts.geometry, predicate="intersects")
    keep = (one < other) & (parts.level[one] == parts.level[other])
    one, other = one[keep], other[keep]
    common = shapely.intersection(parts.geometry[one], parts.geometry[other])
    shared_m = shapely.length(common)
    for k in np.flatnonzero(shared_m > tolerance_m):
        x, y = shapely.get_coordinates(common[k])[0]
        pair = (int(source[one[k]]), int(source[other[k]]))
        findings.append(Finding(Oddity.OVERLAP, x, y, pair, float(shared_m[k])))
    xy, of = _ends_and_points(common)
    line = np.concatenate([one[of], other[of]])
    at_m = shapely.line_locate_point(parts.geometry[line], shapely.points(np.tile(xy, (2, 1))))
    return line.astype(np.int64), at_m


def _ends_and_points(common: NDArray[Any]) -> tuple[Metres, Index]:
    """Return the coordinates of points and of the ends of lines, and of which geometry they are."""
    parts, of = shapely.get_parts(common, return_index=True)
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    xy, inner = shapely.get_coordinates(
        np.where(is_line, shapely.boundary(parts), parts), return_index=True
    )
    return xy, of[inner]


def _touches(
    parts: Roads, source: Index, findings: list[Finding], tolerance_m: float
) -> tuple[Index, Metres]:
    """Return cuts where the end of another line lies within the tolerance but not on the line."""
    ends = np.asarray(shapely.points(_end_coordinates(parts.geometry)), object)
    tree = shapely.STRtree(parts.geometry)
    end, line = tree.query(ends, predicate="dwithin", distance=tolerance_m)
    owner = end // 2
    keep = (owner != line) & (parts.level[owner] == parts.level[line])
    end, line, owner = end[keep], line[keep], owner[keep]
    at_m = shapely.line_locate_point(parts.geometry[line], ends[end])
    length = shapely.length(parts.geometry)[line]
    inside = (at_m > tolerance_m) & (at_m < length - tolerance_m)
    gap_m = shapely.distance(ends[end], parts.geometry[line])
    for k in np.flatnonzero(inside & (gap_m > _LEAST_M)):
        x, y = shapely.get_coordinates(ends[end[k]])[0]
        pair = (int(source[owner[k]]), int(source[line[k]]))
        findings.append(Finding(Oddity.GAP_CLOSED, x, y, pair, float(gap_m[k])))
    return line[inside].astype(np.int64), at_m[inside]


def _end_coordinates(geometry: NDArray[Any]) -> Metres:
    """Return first and last vertex of each line in turn, shape (2 n, 2)."""
    first = shapely.get_coordinates(shapely.get_point(geometry, 0))
    last = shapely.get_coordinates(shapely.get_point(geometry, -1))
    return np.stack([first, last], axis=1).reshape(-1, 2)


def _join(pieces: Roads, source: Index, findings: list[Finding], tolerance_m: float) -> Network:
    """Return the network in which ends within the tolerance are one node, in their middle."""
    ends = _end_coordinates(pieces.geometry)
    pairs = cKDTree(ends).query_pairs(tolerance_m, output_type="ndarray")
    gap_m = np.hypot(*(ends[pairs[:, 0]] - ends[pairs[:, 1]]).T)
    for k in np.flatnonzero(gap_m > _LEAST_M):
        x, y = ends[pairs[k, 0]]
        one, other = source[pairs[k] // 2]
        roads = (int(one), int(other))
        findings.append(Finding(Oddity.GAP_CLOSED, float(x), float(y), roads, float(gap_m[k])))
    near = sparse.coo_array(
        (np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends))
    )
    number, of = csgraph.connected_components(near, directed=False)
    count = np.bincount(of, minlength=number)
    node_xy = np.column_stack([np.bincount(of, ends[:, k], number) / count for k in (0, 1)])
    start, end = of[0::2].astype(np.int64), of[1::2].astype(np.int64)
    geometry = cutting.move_ends(pieces.geometry, node_xy[start], node_xy[end])
    return Network.of_edges(node_xy, start, end, pieces.with_geometry(geometry), source)


def _without_stubs(network: Network, findings: list[Finding], tolerance_m: float) -> Network:
    """Leave out pieces that come back to their beginning within the tolerance."""
    stub = (network.start == network.end) & (network.length_m <= 2 * tolerance_m)
    for i in np.flatnonzero(stub):
        x, y = network.node_xy[network.start[i]]
        road, length = int(network.source[i]), float(network.length_m[i])
        # What two joined ends leave of a cut is no fault of the drawing.
        if length > tolerance_m:
            findings.append(Finding(Oddity.ZERO_LENGTH, float(x), float(y), (road,), length))
    return _kept(network, ~stub)


def _without_doubles(network: Network, findings: list[Finding], tolerance_m: float) -> Network:
    """Leave out edges that run along another one from node to node."""
    low = np.minimum(network.start, network.end)
    high = np.maximum(network.start, network.end)
    order = np.lexsort((network.source, high, low))
    same = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
    keep = np.ones(len(network), bool)
    for k in np.flatnonzero(same):
        first, second = order[k], order[k + 1]
        one, other = network.roads.geometry[first], network.roads.geometry[second]
        if shapely.hausdorff_distance(one, other) <= tolerance_m:
            keep[second] = False
            x, y = shapely.get_coordinates(
                shapely.line_interpolate_point(one, 0.5, normalized=True)
            )[0]
            pair = (int(network.source[first]), int(network.source[second]))
            length = float(network.length_m[second])
            findings.append(Finding(Oddity.DUPLICATE, float(x), float(y), pair, length))
    return _kept(network, keep)


def _kept(network: Network, keep: NDArray[np.bool_]) -> Network:
    """Return the network of some edges, nodes without edges left out."""
    used = np.unique(np.concatenate([network.start[keep], network.end[keep]]))
    number = np.full(len(network.node_xy), -1, np.int64)
    number[used] = np.arange(used.size)
    return Network(
        network.node_xy[used],
        number[network.start[keep]],
        number[network.end[keep]],
        network.roads.take(np.flatnonzero(keep)),
        network.source[keep],
        network.length_m[keep],
    )
