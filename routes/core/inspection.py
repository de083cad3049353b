"""Ends that lead nowhere and parts that hang together with nothing, with what would join them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely import LineString

from routes.core.findings import Finding, Oddity
from routes.core.network import Network

REACH = 20.0
"""A dangling end is proposed to be joined to a line up to so many tolerances away."""

_NAMED = 5


def inspect(network: Network, tolerance_m: float) -> list[Finding]:
    """Return dangling ends that nearly reach another road, and islands; nothing for no edges."""
    if not len(network):
        return []
    part = network.part_of_nodes()
    return [*_dangling(network, REACH * tolerance_m), *_islands(network, part)]


def _dangling(network: Network, reach_m: float) -> list[Finding]:
    """Return the ends at which only one edge stands and another line is near."""
    degree = network.degree()
    edges = np.arange(len(network))
    ends = np.concatenate([network.start, network.end])
    lonely = degree[ends] == 1
    node, edge = ends[lonely], np.concatenate([edges, edges])[lonely]
    points = shapely.points(network.node_xy[node])
    tree = shapely.STRtree(network.roads.geometry)
    which, line = tree.query(points, predicate="dwithin", distance=reach_m)
    other = line != edge[which]
    which, line = which[other], line[other]
    gap_m = shapely.distance(points[which], network.roads.geometry[line])
    order = np.lexsort((line, gap_m, which))
    which, line, gap_m = which[order], line[order], gap_m[order]
    nearest = (
        np.concatenate([[True], which[1:] != which[:-1]]) if which.size else which.astype(bool)
    )
    return [
        _loose_end(network, int(edge[which[k]]), int(node[which[k]]), int(line[k]), float(gap_m[k]))
        for k in np.flatnonzero(nearest)
    ]


def _loose_end(network: Network, edge: int, node: int, line: int, gap_m: float) -> Finding:
    place = shapely.Point(network.node_xy[node])
    mend = LineString(shapely.shortest_line(place, network.roads.geometry[line]))
    roads = (int(network.source[edge]), int(network.source[line]))
    return Finding(Oddity.DANGLING_END, place.x, place.y, roads, gap_m, mend)


def _islands(network: Network, part: NDArray[np.int64]) -> list[Finding]:
    """Return the parts other than the longest, each with the shortest line to it."""
    of_edge = part[network.start]
    length_m = np.bincount(of_edge, network.length_m, part.max() + 1)
    main = int(length_m.argmax())
    tree = cKDTree(network.node_xy[part == main])
    on_main = np.flatnonzero(part == main)
    found = []
    for island in np.flatnonzero(np.arange(length_m.size) != main):
        nodes = np.flatnonzero(part == island)
        gap_m, to = tree.query(network.node_xy[nodes])
        nearest = int(gap_m.argmin())
        here, there = network.node_xy[nodes[nearest]], network.node_xy[on_main[to[nearest]]]
        roads = np.unique(network.source[of_edge == island])[:_NAMED]
        found.append(
            Finding(
                Oddity.ISLAND,
                float(here[0]),
                float(here[1]),
                tuple(map(int, roads)),
                float(length_m[island]),
                LineString([here, there]),
            )
        )
    return found
