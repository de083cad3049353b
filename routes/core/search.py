"""Shortest routes: one to one, and every place to the nearest of several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely import LineString
from shapely.ops import substring

from routes.core.graph import NO_GOAL, Goal, graph_of, search
from routes.core.network import Network
from routes.core.places import Places
from routes.errors import NoRouteError

Index = NDArray[np.int64]
Costs = NDArray[np.float64]

_LEAST_M = 1e-9


@dataclass(frozen=True, slots=True)
class Leg:
    """One edge of a route, or the part of it that is driven."""

    edge: int
    forward: bool
    length_m: float
    cost: float
    line: LineString


@dataclass(frozen=True, slots=True)
class Route:
    """A way from one place to another."""

    legs: tuple[Leg, ...]

    @property
    def cost(self) -> float:
        """Sum over the legs, in the unit of the finder's costs."""
        return sum(leg.cost for leg in self.legs)

    @property
    def length_m(self) -> float:
        """Sum over the legs."""
        return sum(leg.length_m for leg in self.legs)


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each place the nearest of several targets.

    Attributes
    ----------
    target : int64 array, shape (places,)
        Number of the target, -1 where none can be reached.
    cost : float64 array, shape (places,)
        Infinite where none can be reached.
    """

    target: Index
    cost: Costs


class Finder:
    """Searches one network under one set of costs.

    Parameters
    ----------
    network : Network
    cost : float64 array, shape (edges,)
        Of driving the edge in either direction, not negative; infinite where that is impossible.
    """

    def __init__(self, network: Network, cost: Costs) -> None:
        self.network = network
        self.cost = np.where(np.isnan(cost), np.inf, cost)
        self._open = np.isfinite(self.cost)
        self._graph = graph_of(len(network.node_xy), network.start, network.end, self.cost)
        self._part_of = network.part_of_nodes(self._open)
        reachable = self._open & (network.length_m > 0)
        pace = self.cost[reachable] / network.length_m[reachable]
        self._least_pace = float(pace.min()) if pace.size else 0.0

    def route(self, places: Places) -> Route:
        """Return the cheapest route from the first place to the second.

        Raises
        ------
        NoRouteError
            If no open edges join them; with the shortest gap between the two parts.
        """
        ways = [self._along_one_edge(places), self._over_nodes(places)]
        found = [way for way in ways if way is not None]
        if not found:
            raise self._no_route(places)
        return min(found, key=lambda way: way.cost)

    def nearest(self, places: Places, targets: Places) -> Nearest:
        """Return the nearest target of each place.

        One search from all targets at once serves all places.
        """
        begins, begin = self._approach(targets)
        known = np.isfinite(begin.ravel())
        reached = search(
            self._graph, self.network.node_xy, begins.ravel()[known], begin.ravel()[known], NO_GOAL
        )
        number = np.repeat(np.arange(len(targets)), 2)[known]
        ends, partial = self._approach(places)
        total = reached.cost[ends] + partial
        rows, by_end = np.arange(len(places)), total.argmin(axis=1)
        best = total[rows, by_end]
        origin = reached.source[ends[rows, by_end]]
        target = np.where(np.isfinite(best), number[origin], -1)
        self._shorten_on_same_edge(places, targets, target, best)
        return Nearest(target, best)

    def _approach(self, places: Places) -> tuple[Index, Costs]:
        """Return the two nodes by which each place is reached, and the cost to there; shape (n, 2)."""
        edge = places.edge
        length = np.maximum(self.network.length_m[edge], _LEAST_M)
        share = places.along_m / length
        ends = np.column_stack([self.network.start[edge], self.network.end[edge]])
        partial = self.cost[edge][:, None] * np.column_stack([share, 1 - share])
        return ends, partial

    def _along_one_edge(self, places: Places) -> Route | None:
        """Return the way between two places of one edge, without leaving it."""
        edge = int(places.edge[0])
        if edge != places.edge[1] or not self._open[edge]:
            return None
        leg = self._piece(edge, float(places.along_m[0]), float(places.along_m[1]))
        return Route((leg,))

    def _over_nodes(self, places: Places) -> Route | None:
        """Return the cheapest way that leaves the first place's edge, None if there is none."""
        ends, partial = self._approach(places)
        if (
            not self._open[places.edge].all()
            or self._part_of[ends[0, 0]] != self._part_of[ends[1, 0]]
        ):
            return None
        x, y = shapely.get_coordinates(
            shapely.line_interpolate_point(
                self.network.roads.geometry[places.edge[1]], places.along_m[1]
            )
        )[0]
        goal = Goal(ends[1], partial[1], float(x), float(y), self._least_pace)
        reached = search(self._graph, self.network.node_xy, ends[0], partial[0], goal)
        j = int((reached.cost[ends[1]] + partial[1]).argmin())
        between = self._back(reached.came_by, int(ends[1, j]))
        i = int(reached.source[ends[1, j]])
        edge, along = places.edge, places.along_m
        first = self._piece(int(edge[0]), float(along[0]), self._end_m(int(edge[0]), i))
        last = self._piece(int(edge[1]), self._end_m(int(edge[1]), j), float(along[1]))
        legs = (first, *between, last)
        return Route(tuple(leg for leg in legs if leg.length_m > 0))

    def _back(self, came_by: NDArray[np.int32], node: int) -> list[Leg]:
        """Return the edges by which a search came to a node, in the order they are driven."""
        legs = []
        while (edge := int(came_by[node])) >= 0:
            forward = int(self.network.end[edge]) == node
            (line,) = self.network.lines(np.array([edge]), np.array([forward]))
            length, cost = float(self.network.length_m[edge]), float(self.cost[edge])
            legs.append(Leg(edge, forward, length, cost, line))
            node = int(self.network.start[edge] if forward else self.network.end[edge])
        return legs[::-1]

    def _end_m(self, edge: int, end: int) -> float:
        return 0.0 if end == 0 else float(self.network.length_m[edge])

    def _piece(self, edge: int, first_m: float, last_m: float) -> Leg:
        piece = substring(self.network.roads.geometry[edge], first_m, last_m)
        line = piece if isinstance(piece, LineString) else LineString([piece, piece])
        length = abs(last_m - first_m)
        share = length / max(float(self.network.length_m[edge]), _LEAST_M)
        return Leg(edge, last_m >= first_m, length, share * float(self.cost[edge]), line)

    def _shorten_on_same_edge(
        self, places: Places, targets: Places, target: Index, best: Costs
    ) -> None:
        """Take the target on a place's own edge where that way is shorter than over the nodes."""
        for number in range(len(targets)):
            edge = targets.edge[number]
            same = np.flatnonzero((places.edge == edge) & self._open[edge])
            share = np.abs(places.along_m[same] - targets.along_m[number])
            cost = self.cost[edge] * share / max(float(self.network.length_m[edge]), _LEAST_M)
            better = cost < best[same]
            target[same[better]], best[same[better]] = number, cost[better]

    def _no_route(self, places: Places) -> NoRouteError:
        """Return the error that names the shortest gap between the parts the two places are in."""
        part = self._part_of
        one, other = part[self.network.start[places.edge]]
        here, there = np.flatnonzero(part == one), np.flatnonzero(part == other)
        gap_m, nearest = cKDTree(self.network.node_xy[there]).query(self.network.node_xy[here])
        k = int(gap_m.argmin())
        a, b = self.network.node_xy[here[k]], self.network.node_xy[there[nearest[k]]]
        return NoRouteError(
            f"no open road joins the two places; the parts they lie in come closest, {gap_m[k]:.0f} m, "
            f"at ({a[0]:.0f}, {a[1]:.0f}) and ({b[0]:.0f}, {b[1]:.0f})",
            gap_m=float(gap_m[k]),
            from_xy=tuple(map(float, a)),
            to_xy=tuple(map(float, b)),
        )
