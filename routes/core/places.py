"""Places on a network: the point of an edge that is nearest to where somebody is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from routes.core.network import Network
from routes.errors import OffNetworkError


@dataclass(frozen=True, slots=True)
class Places:
    """Points on edges.

    Attributes
    ----------
    edge : int64 array, shape (n,)
    along_m : float64 array, shape (n,)
        From the start of the edge.
    away_m : float64 array, shape (n,)
        How far the point asked for lies from the edge.
    """

    edge: NDArray[np.int64]
    along_m: NDArray[np.float64]
    away_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.edge)


def locate(
    network: Network,
    xy: NDArray[np.float64],
    usable: NDArray[np.bool_] | None = None,
    farthest_m: float = 500.0,
) -> Places:
    """Find the nearest points of the network.

    Parameters
    ----------
    network : Network
    xy : float64 array, shape (n, 2)
        Metres in the network's coordinate system.
    usable : bool array, shape (edges,), optional
        Edges that count.
    farthest_m : float
        A point farther from every edge is refused.

    Raises
    ------
    OffNetworkError
        Naming the first such point and how far the next road is.
    """
    numbers = np.arange(len(network)) if usable is None else np.flatnonzero(usable)
    points = np.asarray(shapely.points(xy), object)
    if not numbers.size:
        raise OffNetworkError("no road is open to the vehicle on that day", distance_m=None)
    tree = shapely.STRtree(network.roads.geometry[numbers])
    # Ties are broken by the number of the edge: a junction has several nearest edges.
    (which, near), away_m = tree.query_nearest(points, return_distance=True)
    order = np.lexsort((near, which))
    first = order[np.searchsorted(which[order], np.arange(len(points)))]
    edge, away_m = numbers[near[first]], away_m[first]
    far = np.flatnonzero(away_m > farthest_m)
    if far.size:
        x, y = xy[far[0]]
        raise OffNetworkError(
            f"place {far[0]} at ({x:.0f}, {y:.0f}) is {away_m[far[0]]:.0f} m from the next usable "
            f"road; at most {farthest_m:.0f} m are bridged",
            place=int(far[0]),
            distance_m=float(away_m[far[0]]),
            limit_m=farthest_m,
        )
    along_m = shapely.line_locate_point(network.roads.geometry[edge], points)
    return Places(edge.astype(np.int64), along_m, away_m)
