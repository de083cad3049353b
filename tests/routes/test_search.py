"""Shortest routes: equal to NetworkX's and pgRouting's, honest about what stops a vehicle."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import networkx
import numpy as np
import pytest

from routes.core.noding import node
from routes.core.places import Places, locate
from routes.core.search import Finder
from routes.core.vehicles import (
    Obstacle,
    Restriction,
    RestrictionKind,
    Vehicle,
    driving_time_s,
    obstacles,
)
from routes.errors import NoRouteError, OffNetworkError
from tests.routes.conftest import roads_of

SUMMER = date(2026, 7, 1)
TRUCK = Vehicle("10 t", 20.0, 3.0, 12.0, 0.14, {"forest_road": 20.0})


@pytest.fixture(scope="module")
def network(andorra):
    return node(andorra, 1.0).network


@pytest.fixture(scope="module")
def pairs(network):
    """1,000 pairs of nodes of the main part."""
    part = network.part_of_nodes()
    main = np.flatnonzero(part == np.bincount(part).argmax())
    return np.random.default_rng(1).choice(main, (1000, 2))


def at_node(network, *nodes) -> Places:
    edges = [np.flatnonzero((network.start == n) | (network.end == n))[0] for n in nodes]
    along = [
        0.0 if network.start[e] == n else network.length_m[e]
        for e, n in zip(edges, nodes, strict=True)
    ]
    return Places(np.array(edges), np.array(along), np.zeros(len(nodes)))


def test_routes_are_as_long_as_networkx_finds_them(network, pairs):
    graph = networkx.Graph()
    for a, b, length in zip(
        network.start.tolist(), network.end.tolist(), network.length_m, strict=True
    ):
        known = graph.get_edge_data(a, b, {"length": np.inf})["length"]
        graph.add_edge(a, b, length=min(known, length))
    finder = Finder(network, network.length_m)
    for here, there in pairs.tolist():
        route = finder.route(at_node(network, here, there))
        shortest = networkx.dijkstra_path_length(graph, here, there, weight="length")
        assert route.cost == pytest.approx(shortest, abs=1e-6)
        assert sum(leg.line.length for leg in route.legs) == pytest.approx(shortest, abs=1e-6)


def test_legs_follow_each_other(network, pairs):
    finder = Finder(network, network.length_m)
    for here, there in pairs[:100].tolist():
        legs = finder.route(at_node(network, here, there)).legs
        for one, other in itertools.pairwise(legs):
            assert one.line.coords[-1] == pytest.approx(other.line.coords[0], abs=1e-6)


def test_the_nearest_of_several_is_the_cheapest_route(network, pairs):
    finder = Finder(network, network.length_m)
    part = network.part_of_nodes()
    main = part[network.start] == part[pairs[0, 0]]
    beside = np.random.default_rng(2).normal(0, 5, (200, 2))
    xy, mills_xy = network.node_xy[pairs[:200, 0]] + beside, network.node_xy[pairs[:3, 1]] + 3.0
    nearest = finder.nearest(locate(network, xy, main), locate(network, mills_xy, main))
    for k in range(200):
        both = [locate(network, np.array([xy[k], mill]), main) for mill in mills_xy]
        costs = [finder.route(places).cost for places in both]
        assert nearest.cost[k] == pytest.approx(min(costs), abs=1e-6)
        assert costs[nearest.target[k]] == pytest.approx(min(costs), abs=1e-6)


def test_a_place_beside_a_road_is_reached_over_part_of_an_edge():
    network = node(roads_of([(0, 0), (100, 0)], [(100, 0), (100, 100)])).network
    places = locate(network, np.array([[30.0, 5.0], [95.0, 60.0]]))
    route = Finder(network, network.length_m).route(places)
    assert route.length_m == pytest.approx(70 + 60)
    assert [round(leg.length_m) for leg in route.legs] == [70, 60]
    same_edge = locate(network, np.array([[30.0, 5.0], [10.0, -5.0]]))
    assert Finder(network, network.length_m).route(same_edge).length_m == pytest.approx(20)


def test_the_gap_between_islands_is_named_with_its_length():
    network = node(roads_of([(0, 0), (100, 0)], [(140, 0), (300, 0)])).network
    places = locate(network, np.array([[10.0, 0.0], [250.0, 0.0]]))
    with pytest.raises(NoRouteError, match="40 m") as refused:
        Finder(network, network.length_m).route(places)
    assert refused.value.fields["gap_m"] == pytest.approx(40)
    mill = locate(network, np.array([[5.0, 0.0]]))
    nearest = Finder(network, network.length_m).nearest(places, mill)
    assert nearest.target.tolist() == [0, -1]
    assert nearest.cost.tolist() == [5.0, np.inf]


def test_a_place_off_the_network_is_refused():
    network = node(roads_of([(0, 0), (100, 0)])).network
    with pytest.raises(OffNetworkError, match="600 m from the next usable road"):
        locate(network, np.array([[50.0, 600.0]]))


def test_speed_and_time_follow_the_class_unless_the_road_is_slower():
    roads = roads_of([(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], [(2000, 0), (3000, 0)])
    speed = np.array([np.nan, 10.0, 60.0], np.float32)
    network = node(replace(roads, speed_kmh=speed)).network
    assert driving_time_s(network, TRUCK) == pytest.approx([180, 360, 180])


@pytest.mark.parametrize(
    ("column", "value", "obstacle"),
    [
        ("width_m", 2.9, Obstacle.WIDTH),
        ("load_limit_t", 14.0, Obstacle.WEIGHT),
        ("min_radius_m", 6.0, Obstacle.RADIUS),
        ("gradient", -0.16, Obstacle.GRADIENT),
        ("width_m", np.nan, Obstacle.NONE),
    ],
)
def test_what_keeps_a_vehicle_out_is_named(column, value, obstacle):
    roads = replace(roads_of([(0, 0), (100, 0)]), **{column: np.array([value], np.float32)})
    assert obstacles(node(roads).network, TRUCK, SUMMER).tolist() == [obstacle]


def test_classes_a_vehicle_does_not_use_are_closed_to_it():
    roads = replace(roads_of([(0, 0), (100, 0)]), road_class=np.array(["strip_road"]))
    network = node(roads).network
    assert obstacles(network, TRUCK, SUMMER).tolist() == [Obstacle.CLASS]
    assert np.isinf(driving_time_s(network, TRUCK)).all()


@pytest.mark.parametrize(
    ("restriction", "day", "obstacle"),
    [
        (
            Restriction(0, RestrictionKind.CLOSED, date(2026, 7, 1), date(2026, 7, 1)),
            SUMMER,
            Obstacle.CLOSED,
        ),
        (Restriction(0, RestrictionKind.CLOSED, date(2026, 7, 2)), SUMMER, Obstacle.NONE),
        (
            Restriction(0, RestrictionKind.SNOW, None, date(2026, 5, 1)),
            date(2026, 4, 1),
            Obstacle.SNOW,
        ),
        (Restriction(0, RestrictionKind.WEIGHT, limit=14), SUMMER, Obstacle.WEIGHT),
        (Restriction(0, RestrictionKind.WEIGHT, limit=25), SUMMER, Obstacle.NONE),
        (Restriction(0, RestrictionKind.WIDTH, limit=2.5), SUMMER, Obstacle.WIDTH),
        (Restriction(0, RestrictionKind.VEHICLE, vehicle="10 t"), SUMMER, Obstacle.CLOSED),
        (Restriction(0, RestrictionKind.VEHICLE, vehicle="4 t"), SUMMER, Obstacle.NONE),
    ],
)
def test_restrictions_hold_on_their_days(restriction, day, obstacle):
    network = node(roads_of([(0, 0), (100, 0)])).network
    assert obstacles(network, TRUCK, day, [restriction]).tolist() == [obstacle]


def test_a_closed_road_is_driven_around():
    detour = [(0, 0), (0, 50), (100, 50), (100, 0)]
    network = node(roads_of([(0, 0), (100, 0)], detour)).network
    flags = obstacles(network, TRUCK, SUMMER, [Restriction(0, RestrictionKind.CLOSED)])
    cost = np.where(flags == Obstacle.NONE, network.length_m, np.inf)
    ends = locate(network, np.array([[0.0, 1.0], [100.0, 1.0]]), usable=flags == Obstacle.NONE)
    assert Finder(network, cost).route(ends).length_m == pytest.approx(200 - 2)
