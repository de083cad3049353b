"""Dijkstra's search over a network, compiled: from several nodes at once, towards a place or to all.

SciPy's search has neither costs to begin with nor a goal to stop at; with both, a route looks at the
part of the network that it needs, and one search serves every place (`script/bench routes`). Nodes
wait in buckets half a mean edge wide; one that is bettered within its bucket is taken again, so that
the result is exact (delta-stepping, Meyer and Sanders 2003, Journal of Algorithms 49: 114-152).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.core import buckets
from routes.core.kernel import kernel

Index = NDArray[np.int32]
Costs = NDArray[np.float64]


class Graph(NamedTuple):
    """Open edges at each node, in both directions.

    Attributes
    ----------
    first : int32 array, shape (nodes + 1,)
        Where each node's edges begin in the other arrays.
    neighbour, edge : int32 arrays, shape (2 x open edges,)
    cost : float64 array, shape (2 x open edges,)
    dearest, width : float
        The greatest cost, and the width of a bucket.
    """

    first: Index
    neighbour: Index
    edge: Index
    cost: Costs
    dearest: float
    width: float


class Reached(NamedTuple):
    """What a search has found of each node.

    Attributes
    ----------
    cost : float64 array, shape (nodes,)
        From the nearest source; infinite where none leads. Beyond the goal not yet the least.
    came_by : int32 array, shape (nodes,)
        The edge by which the way comes, -1 at sources.
    source : int32 array, shape (nodes,)
        Number of the source the way comes from, -1 where none leads.
    """

    cost: Costs
    came_by: Index
    source: Index


class Goal(NamedTuple):
    """A place to search for.

    Attributes
    ----------
    nodes : int64 array, shape (k,)
        Nodes from which it is reached; none to search everything.
    rest : float64 array, shape (k,)
        What it costs from each of them.
    x_m, y_m : float
    pace : float
        What a metre costs at least; 0 looks in every direction alike.
    """

    nodes: NDArray[np.int64]
    rest: Costs
    x_m: float
    y_m: float
    pace: float


NO_GOAL = Goal(np.empty(0, np.int64), np.empty(0), 0.0, 0.0, 0.0)


def graph_of(nodes: int, start: NDArray[np.int64], end: NDArray[np.int64], cost: Costs) -> Graph:
    """Return the graph of the edges whose cost is finite."""
    usable = np.flatnonzero(np.isfinite(cost))
    origin = np.concatenate([start[usable], end[usable]])
    order = np.argsort(origin, kind="stable")
    edge = np.tile(usable, 2)[order]
    return Graph(
        np.searchsorted(origin[order], np.arange(nodes + 1)).astype(np.int32),
        np.concatenate([end[usable], start[usable]])[order].astype(np.int32),
        edge.astype(np.int32),
        cost[edge],
        *_bucket(cost[usable]),
    )


def _bucket(cost: Costs) -> tuple[float, float]:
    """Return the greatest cost, and a width of which it has no more than 50,000."""
    if not cost.size:
        return 0.0, 1.0
    dearest = float(cost.max())
    return dearest, max(float(cost.mean()) / 2, dearest / 50_000, 1e-9)


@kernel
def search(
    graph: Graph, node_xy: Costs, sources: NDArray[np.int64], begin: Costs, goal: Goal
) -> Reached:
    """Search from sources, each with the cost it begins with, until the goal is reached for good.

    With a pace the search is A*: nodes are taken by the cost so far plus the least the straight way
    to the goal can cost.
    """
    nodes = graph.first.size - 1
    width = graph.width
    cost = np.full(nodes, np.inf)
    came_by = np.full(nodes, -1, np.int32)
    origin = np.full(nodes, -1, np.int32)
    after = np.empty(nodes, np.int32)
    before = np.full(nodes, buckets.ABSENT, np.int32)
    low, high = np.inf, 0.0
    for k in range(sources.size):
        order = begin[k] + _at_least(node_xy, sources[k], goal)
        low, high = min(low, order), max(high, order)
        if begin[k] < cost[sources[k]]:
            cost[sources[k]] = begin[k]
            origin[sources[k]] = k
    heads = np.full(int((high - min(low, high) + 2 * graph.dearest) / width) + 4, -1, np.int32)
    waiting = 0
    for node in np.unique(sources):
        order = cost[node] + _at_least(node_xy, node, goal)
        buckets.put(after, before, heads, int(order / width) % heads.size, node)
        waiting += 1
    current = int(min(low, high) / width)
    best = np.inf
    while waiting > 0 and current * width < best:
        at = heads[current % heads.size]
        if at < 0:
            current += 1
            continue
        buckets.drop(after, before, heads, current % heads.size, at)
        waiting -= 1
        for k in range(goal.nodes.size):
            if goal.nodes[k] == at:
                best = min(best, cost[at] + goal.rest[k])
        for k in range(graph.first[at], graph.first[at + 1]):
            to = graph.neighbour[k]
            reached = cost[at] + graph.cost[k]
            if reached >= cost[to]:
                continue
            rest = _at_least(node_xy, to, goal)
            if before[to] != buckets.ABSENT:
                old = max(int((cost[to] + rest) / width), current)
                buckets.drop(after, before, heads, old % heads.size, to)
                waiting -= 1
            cost[to] = reached
            came_by[to] = graph.edge[k]
            origin[to] = origin[at]
            new = max(int((reached + rest) / width), current)
            buckets.put(after, before, heads, new % heads.size, to)
            waiting += 1
    return Reached(cost, came_by, origin)


@kernel
def _at_least(node_xy: Costs, node: int, goal: Goal) -> float:
    if goal.pace == 0.0:
        return 0.0
    east, north = node_xy[node, 0] - goal.x_m, node_xy[node, 1] - goal.y_m
    return float(goal.pace * np.sqrt(east * east + north * north))
