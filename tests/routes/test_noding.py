"""Lines as they were drawn become a network: cut, closed, without doubles, with what was odd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from routes.core.findings import Oddity
from routes.core.noding import node
from routes.core.roads import Roads
from routes.errors import RoadsError
from tests.routes.conftest import roads_of


def kinds(noding):
    return sorted(finding.kind for finding in noding.findings)


def test_lines_that_cross_on_one_level_are_cut_there():
    found = node(roads_of([(0, 0), (100, 0)], [(50, -50), (50, 50)]))
    assert len(found.network) == 4
    assert len(found.network.node_xy) == 5
    assert [50.0, 0.0] in found.network.node_xy.tolist()
    assert found.network.degree().max() == 4


def test_a_bridge_joins_others_at_its_ends_alone():
    under, bridge, on = [(0, 0), (100, 0)], [(50, -50), (50, 50)], [(50, 50), (50, 150)]
    found = node(roads_of(under, bridge, on, level=[0, 1, 0])).network
    assert len(found) == 3
    part = found.part_of_nodes()
    assert part.max() == 1
    assert part[found.start[1]] == part[found.start[2]] != part[found.start[0]]


def test_a_line_that_crosses_itself_is_cut_and_its_length_kept():
    loop = [(0, 0), (100, 0), (100, 100), (50, 100), (50, -50)]
    found = node(roads_of(loop)).network
    assert len(found) == 3
    assert found.length_m.sum() == pytest.approx(shapely.LineString(loop).length)


@pytest.mark.parametrize(("gap_m", "joined"), [(0.9, True), (1.1, False)])
def test_gaps_are_closed_up_to_the_tolerance(gap_m, joined):
    at_end = node(roads_of([(0, 0), (100, 0)], [(100 + gap_m, 0), (200, 0)]), 1.0)
    at_side = node(roads_of([(0, 0), (100, 0)], [(50, gap_m), (50, 80)]), 1.0)
    for found in (at_end, at_side):
        assert (found.network.part_of_nodes().max() == 0) == joined
        assert (Oddity.GAP_CLOSED in kinds(found)) == joined
        assert (Oddity.ISLAND in kinds(found)) != joined


def test_a_gap_too_wide_is_reported_with_a_line_that_mends_it():
    found = node(roads_of([(0, 0), (100, 0)], [(50, 8), (50, 80)]), 1.0)
    (loose,) = [f for f in found.findings if f.kind is Oddity.DANGLING_END]
    assert loose.length_m == pytest.approx(8)
    assert loose.roads == (1, 0)
    assert loose.mend.equals(shapely.LineString([(50, 8), (50, 0)]))


def test_the_same_road_twice_counts_once():
    road = [(0, 0), (50, 10), (100, 0)]
    again = [(100, 0.2), (50, 10.3), (0, 0.2)]
    found = node(roads_of(road, again), 1.0)
    assert len(found.network) == 1
    assert Oddity.DUPLICATE in kinds(found)


def test_a_stretch_that_two_roads_share_is_named():
    found = node(roads_of([(0, 0), (100, 0)], [(40, 0), (80, 0), (80, 60)]))
    (overlap,) = [f for f in found.findings if f.kind is Oddity.OVERLAP]
    assert overlap.length_m == pytest.approx(40)
    assert overlap.roads == (0, 1)
    assert found.network.length_m.sum() == pytest.approx(100 + 60)


def test_lines_of_no_length_are_left_out_and_named():
    found = node(roads_of([(5, 5), (5, 5)], [(0, 0), (10, 0)]))
    assert len(found.network) == 1
    assert found.network.source.tolist() == [1]
    assert [(f.kind, f.roads) for f in found.findings] == [(Oddity.ZERO_LENGTH, (0,))]


def test_edges_carry_what_their_road_has():
    roads = roads_of([(0, 0), (100, 0)], [(50, -50), (50, 50)])
    roads = replace(roads, width_m=np.array([3.0, 4.0], np.float32))
    found = node(roads).network
    assert found.roads.width_m.tolist() == [3.0, 3.0, 4.0, 4.0]
    assert found.source.tolist() == [0, 0, 1, 1]


coordinates = st.integers(0, 20).map(lambda k: k * 7.0)
segments = st.lists(
    st.tuples(coordinates, coordinates, coordinates, coordinates).filter(lambda s: s[:2] != s[2:]),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(segments)
def test_a_network_covers_the_lines_and_its_edges_meet_at_nodes_alone(drawn):
    lines = [[segment[:2], segment[2:]] for segment in drawn]
    found = node(roads_of(*lines), 0.01).network
    together = shapely.union_all(np.array([shapely.LineString(line) for line in lines]))
    assert found.length_m.sum() == pytest.approx(together.length, rel=1e-6, abs=0.05 * len(lines))
    for i, edge in enumerate(found.roads.geometry):
        ends = found.node_xy[[found.start[i], found.end[i]]]
        assert np.allclose(shapely.get_coordinates(edge)[[0, -1]], ends)
        for other in found.roads.geometry[i + 1 :]:
            common = shapely.intersection(edge, other)
            apart = shapely.distance(common, shapely.multipoints(ends))
            assert common.is_empty or apart < 0.05


def test_a_real_network_is_one_piece_but_for_what_is_named(andorra):
    found = node(andorra, 1.0)
    islands = [f for f in found.findings if f.kind is Oddity.ISLAND]
    assert found.network.part_of_nodes().max() == len(islands)
    main = found.network.length_m.sum() - sum(f.length_m for f in islands)
    assert main > 0.97 * found.network.length_m.sum()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"width_m": np.array([-3.0], np.float32)}, "road 0: width_m is -3.0"),
        ({"level": np.zeros(2, np.int8)}, "differ in length"),
        ({"geometry": np.array([shapely.Point(0, 0)], object)}, "road 0 is no line"),
        ({"crs": CRS(6668)}, "not a projection in metres"),
    ],
)
def test_roads_that_cannot_be_are_refused(change, words):
    with pytest.raises(RoadsError, match=words):
        replace(roads_of([(0, 0), (10, 0)]), **change)


def test_no_tolerance_is_refused():
    empty = Roads.of_class(np.empty(0, object), np.empty(0, str), CRS(6680))
    with pytest.raises(RoadsError, match="tolerance"):
        node(empty, 0.0)
