"""Speed of the road engine beside pgRouting, NetworkX and scikit-image, on the same inputs in one run.

A street grid of 500,000 edges with random gaps stands for a prefecture's network. Rasters: 10
million cells of hills for access, 40,000 for planning, where scikit-image searches the same number
of cells but knows neither gradient nor radius. pgRouting is measured where the private cluster runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import networkx
import numpy as np
import psycopg2
import shapely
from numpy.typing import NDArray
from psycopg2.extensions import cursor as cursor_type
from psycopg2.extras import execute_values
from pyproj import CRS
from scipy.ndimage import gaussian_filter
from skimage.graph import MCP_Geometric

from bench.measure import say
from forestgis import env
from routes.core.access import ground_m
from routes.core.network import Network
from routes.core.noding import node
from routes.core.places import locate
from routes.core.planning import plan
from routes.core.roads import Roads
from routes.core.search import Finder
from routes.core.standard import Prices, Standard
from routes.core.terrain import Terrain

ZONE_12 = CRS(6680)
STREETS = 510
PAIRS = 40
PEER_PAIRS = 3
SPACING_M = 100.0
ACCESS_CELLS = 3200
PLAN_CELLS = 200
MILLS = 5


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of this process that a piece of work took, and its result."""
    started = process_time()
    result = work()
    return process_time() - started, result


def streets() -> Roads:
    """Return a jittered grid of streets with 4 % of its stretches missing, each stretch a line."""
    rng = np.random.default_rng(1)
    at = np.stack(np.meshgrid(np.arange(STREETS), np.arange(STREETS), indexing="ij"), -1)
    xy = at * SPACING_M + rng.normal(0, 12, at.shape)
    across = np.stack([xy[:, :-1], xy[:, 1:]], axis=2).reshape(-1, 2, 2)
    along = np.stack([xy[:-1], xy[1:]], axis=2).reshape(-1, 2, 2)
    lines = np.concatenate([across, along])
    lines = lines[rng.random(len(lines)) > 0.04]
    geometry = np.asarray(shapely.linestrings(lines), object)
    return Roads.of_class(geometry, np.full(len(lines), "forest_road"), ZONE_12)


def routing(network: Network) -> dict[str, object]:
    """Return route and one-to-many figures."""
    rng = np.random.default_rng(2)
    part = network.part_of_nodes()
    main = part[network.start] == np.bincount(part).argmax()
    ends = network.node_xy[rng.choice(network.start[main], (PAIRS, 2))]
    finder = Finder(network, network.length_m)
    finder.route(locate(network, ends[0], main))
    times, lengths = [], []
    for pair in ends:
        places = locate(network, pair, main)
        seconds, route = timed(lambda places=places: finder.route(places))
        times.append(seconds)
        lengths.append(route.cost)
    places = locate(network, network.node_xy, main, farthest_m=np.inf)
    mills = locate(network, ends[:MILLS, 0], main)
    many_s, _ = timed(lambda: finder.nearest(places, mills))
    theirs_s = networkx_one_to_many(network, ends[:MILLS, 0])
    figures: dict[str, object] = {
        "edges": len(network),
        "route_p95_ms": round(1000 * float(np.percentile(times, 95)), 1),
        "one_to_many_ms": round(1000 * many_s, 1),
        "vs_networkx": round(theirs_s / many_s, 1),
    }
    peer = pgrouting_s(network, ends[:PEER_PAIRS], lengths[:PEER_PAIRS])
    figures["vs_pgrouting"] = (
        "absent" if peer is None else round(peer / float(np.mean(times[:PEER_PAIRS])), 1)
    )
    return figures


def networkx_one_to_many(network: Network, mills: NDArray[np.float64]) -> float:
    """Return the seconds of NetworkX's search from several nodes to all."""
    graph = networkx.Graph()
    graph.add_weighted_edges_from(
        zip(network.start.tolist(), network.end.tolist(), network.length_m.tolist(), strict=True)
    )
    nodes = {int(np.hypot(*(network.node_xy - mill).T).argmin()) for mill in mills}
    return timed(lambda: networkx.multi_source_dijkstra_path_length(graph, nodes))[0]


def pgrouting_s(network: Network, ends: NDArray[np.float64], lengths: list[float]) -> float | None:
    """Return the mean wall seconds of pgr_dijkstra for a pair, None where it is not installed.

    Raises
    ------
    SystemExit
        If it finds other lengths.
    """
    try:
        connection = psycopg2.connect(env.value("ADMIN_DATABASE_URL"))
    except (KeyError, psycopg2.Error):
        return None
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pgrouting'")
        if cursor.fetchone() == (0,):
            return None
        connection.rollback()
        try:
            cursor.execute(
                "CREATE SCHEMA bench_routes; CREATE EXTENSION postgis SCHEMA bench_routes;"
            )
            cursor.execute(
                "CREATE EXTENSION pgrouting SCHEMA bench_routes; SET LOCAL search_path = bench_routes"
            )
            return _pgrouting(cursor, network, ends, lengths)
        finally:
            # Nothing of it stays: the whole is one transaction that never ends well.
            connection.rollback()


def _pgrouting(
    cursor: cursor_type, network: Network, ends: NDArray[np.float64], lengths: list[float]
) -> float:
    cursor.execute(
        "CREATE TEMP TABLE edge (id integer PRIMARY KEY, source bigint, target bigint, cost float8) ON COMMIT DROP"
    )
    rows = zip(
        range(len(network)),
        *(c.tolist() for c in (network.start, network.end, network.length_m)),
        strict=True,
    )
    execute_values(cursor, "INSERT INTO edge VALUES %s", list(rows), page_size=10_000)
    cursor.execute("ANALYZE edge")
    total = 0.0
    for pair, length in zip(ends, lengths, strict=True):
        here, there = (int(np.hypot(*(network.node_xy - xy).T).argmin()) for xy in pair)
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM pgr_dijkstra("
            "'SELECT id, source, target, cost FROM edge', %s, %s, false)",
            [here, there],
        )
        total += cursor.fetchone()[0][0]["Execution Time"] / 1000
        cursor.execute(
            "SELECT max(agg_cost) FROM pgr_dijkstra('SELECT id, source, target, cost FROM edge', %s, %s, false)",
            [here, there],
        )
        (found,) = cursor.fetchone()
        if abs(found - length) > 1e-6 * length:
            raise SystemExit(f"pgRouting finds {found} m where the engine finds {length} m")
    return total / len(ends)


def hills(cells: int, cell_m: float, slope: float, seed: int) -> Terrain:
    """Return hills of a mean slope."""
    height = gaussian_filter(np.random.default_rng(seed).normal(0, 1, (cells, cells)), 12)
    height *= slope / np.hypot(*np.gradient(height, cell_m)).mean()
    return Terrain(height.astype(np.float32), 0.0, cells * cell_m, cell_m, ZONE_12)


def access() -> dict[str, object]:
    """Return access figures on about 10 million cells, and the library's on the same."""
    terrain = hills(ACCESS_CELLS, 20.0, 0.3, 3)
    side = ACCESS_CELLS * 20.0
    roads = np.array(
        [shapely.LineString([(0, y), (side, y + 900)]) for y in np.arange(0, side, 5000)], object
    )
    ground_m(hills(50, 20.0, 0.3, 1), roads)
    ours_s, _ = timed(lambda: ground_m(terrain, roads))
    cells = np.argwhere(np.isclose((terrain.top_m - np.arange(ACCESS_CELLS) * 20.0) % 5000, 0))[
        :, 0
    ]
    starts = [(row, col) for row in cells for col in range(ACCESS_CELLS)]
    theirs_s, _ = timed(lambda: MCP_Geometric(np.ones(terrain.shape)).find_costs(starts))
    return {
        "access_cells_per_s": round(terrain.height_m.size / ours_s),
        "vs_skimage_access": round(theirs_s / ours_s, 2),
    }


def planning() -> dict[str, object]:
    """Return planning figures over twelve hills, and the library's search of the same cells."""
    standard, prices = Standard(0.14, 12.0, 0.7), Prices(20_000, 1_500)
    side = PLAN_CELLS * 10.0
    road = np.array([shapely.LineString([(0, 55), (side, 55)])], object)
    plan(hills(PLAN_CELLS, 10.0, 0.25, 0), road, (1005, 605), standard, prices)
    ours, theirs, length = 0.0, 0.0, 0.0
    for seed in range(12):
        terrain = hills(PLAN_CELLS, 10.0, 0.25, seed)
        seconds, (found, *_) = timed(
            lambda t=terrain: plan(t, road, (1005, 1505), standard, prices)
        )
        ours, length = ours + seconds, length + found.profile.length_m
        starts = [(PLAN_CELLS - 6, col) for col in range(PLAN_CELLS)]
        slope = np.hypot(*terrain.gradient()) + 1.0
        theirs += timed(lambda s=slope, a=starts: MCP_Geometric(s).find_costs(a, [(49, 100)]))[0]
    return {
        "plan_ms_per_km": round(1e6 * ours / length, 1),
        "vs_skimage_planning": round(theirs / ours, 2),
    }


def main() -> None:
    """Print the figures."""
    roads = streets()
    seconds, made = timed(lambda: node(roads, 1.0))
    figures: dict[str, object] = {"noding_edges_per_s": round(len(made.network) / seconds)}
    sys.stderr.write(f"{len(made.network)} edges\n")
    say(routing(made.network) | figures | access() | planning())


if __name__ == "__main__":
    main()
