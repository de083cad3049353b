"""A network: nodes, and edges that carry the attributes of the roads they are parts of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from routes.core.roads import Roads

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Network:
    """A graph whose edges lie on roads.

    Attributes
    ----------
    node_xy : float64 array, shape (nodes, 2)
        Metres in the coordinate system of the roads.
    start, end : int64 arrays, shape (edges,)
        Nodes at the two ends of each edge.
    roads : Roads
        One row an edge; the line runs from `start` to `end`.
    source : int64 array, shape (edges,)
        Which road of the input each edge is a part of.
    length_m : float64 array, shape (edges,)
    """

    node_xy: NDArray[np.float64]
    start: Index
    end: Index
    roads: Roads
    source: Index
    length_m: NDArray[np.float64]

    @classmethod
    def of_edges(
        cls, node_xy: NDArray[np.float64], start: Index, end: Index, roads: Roads, source: Index
    ) -> Network:
        """Return the network of edges whose lines end at their nodes."""
        return cls(node_xy, start, end, roads, source, shapely.length(roads.geometry))

    def __len__(self) -> int:
        return len(self.start)

    def degree(self) -> Index:
        """Return the number of edge ends at each node."""
        ends = np.concatenate([self.start, self.end])
        return np.bincount(ends, minlength=len(self.node_xy)).astype(np.int64)

    def part_of_nodes(self, usable: NDArray[np.bool_] | None = None) -> Index:
        """Return the number of the connected part each node is in, over the usable edges."""
        keep = np.ones(len(self), bool) if usable is None else usable
        n = len(self.node_xy)
        joined = sparse.coo_array(
            (np.ones(int(keep.sum()), bool), (self.start[keep], self.end[keep])), shape=(n, n)
        )
        return np.asarray(csgraph.connected_components(joined, directed=False)[1], np.int64)

    def lines(self, edges: Index, forward: NDArray[np.bool_]) -> list[Any]:
        """Return the lines of edges in the direction they are driven."""
        geometry = self.roads.geometry[edges]
        return list(np.where(forward, geometry, shapely.reverse(geometry)))
