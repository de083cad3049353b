"""Distance to the road: brute force on small rasters, closed forms on planes, barriers kept."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routes.core.access import Ground, ground_m, straight_m
from routes.core.measures import (
    access_of,
    correction_factor,
    density_m_ha,
    distance_holding,
    theoretical_skidding_m,
)
from routes.core.terrain import Terrain
from routes.errors import TerrainError
from tests.routes.conftest import ZONE_12, rough_terrain

ROAD = np.array([shapely.LineString([(0, 200), (400, 200)])], object)


def plane(east=0.0, north=0.0, cells=20, cell_m=20.0) -> Terrain:
    middle = (np.arange(cells) + 0.5) * cell_m
    height = east * middle + north * (cells * cell_m - middle)[:, None]
    return Terrain(height.astype(np.float32), 0.0, cells * cell_m, cell_m, ZONE_12)


@pytest.mark.parametrize("rise", [0.0, 0.3, 0.8])
def test_on_a_plane_that_rises_from_the_road(rise):
    level = np.abs(plane().centres(*np.indices((20, 20)).reshape(2, -1))[:, 1] - 200).reshape(
        20, 20
    )
    terrain = plane(north=rise)
    assert straight_m(terrain, ROAD) == pytest.approx(level)
    assert ground_m(terrain, ROAD) == pytest.approx(level * np.hypot(1, rise), rel=1e-5)


def test_slopes_weigh_as_asked():
    terrain = plane(north=0.5)
    plain = ground_m(terrain, ROAD)
    weighed = ground_m(terrain, ROAD, ground=Ground(slope_weight=2.0))
    # Each metre counts 1 + 2 x 0.5.
    assert weighed == pytest.approx(2 * plain, rel=1e-5)


def brute_force(terrain: Terrain, barrier, road_cells) -> np.ndarray:
    """NetworkX's Dijkstra over the same 16 steps from the cells that are given."""
    rows, cols = terrain.shape
    graph = networkx.Graph()
    steps = [(0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (2, -1), (1, -2)]
    for r in range(rows):
        for c in range(cols):
            for down, right in steps:
                to = (r + down, c + right)
                if not (0 <= to[0] < rows and 0 <= to[1] < cols) or barrier[r, c] or barrier[to]:
                    continue
                passed = between(r, c, down, right)
                shut = [barrier[p] for p in passed]
                if (abs(down) + abs(right) == 2 and all(shut)) or (
                    abs(down) + abs(right) == 3 and any(shut)
                ):
                    continue
                way = [terrain.height_m[r, c], terrain.height_m[to]]
                if abs(down) + abs(right) == 3:
                    way.insert(1, np.mean([terrain.height_m[p] for p in passed]))
                run = np.hypot(down, right) * terrain.cell_m / (len(way) - 1)
                rise = np.abs(np.diff(np.array(way, float)))
                if (rise / run <= 1.0).all():
                    graph.add_edge((r, c), to, length=np.hypot(run, rise).sum())
    out = np.full(terrain.shape, np.inf)
    graph.add_nodes_from(road_cells)
    for cell, length in networkx.multi_source_dijkstra_path_length(
        graph, road_cells, weight="length"
    ).items():
        out[cell] = length
    return out


def between(r, c, down, right):
    if abs(down) + abs(right) == 1:
        return []
    if abs(down) == abs(right):
        return [(r + down, c), (r, c + right)]
    if abs(down) == 1:
        half = (right > 0) - (right < 0)
        return [(r, c + half), (r + down, c + half)]
    half = (down > 0) - (down < 0)
    return [(r + half, c), (r + half, c + right)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.35))
def test_distances_equal_brute_force(seed, share):
    rng = np.random.default_rng(seed)
    height = rng.normal(0, 12, (14, 14)).astype(np.float32)
    barrier = rng.random((14, 14)) < share
    barrier[7, 7] = False
    terrain = Terrain(height, 0.0, 280.0, 20.0, ZONE_12)
    spot = terrain.centres(np.array([7]), np.array([7]))[0]
    road = np.array([shapely.LineString([spot, spot + np.array([0.01, 0.0])])], object)
    found = ground_m(terrain, road, barrier)
    expected = brute_force(terrain, barrier, [(7, 7)])
    assert found == pytest.approx(expected, rel=1e-5, abs=0.02)


def test_a_river_is_not_crossed_but_at_the_bridge():
    terrain = plane()
    river = np.zeros((20, 20), bool)
    river[5] = True
    beyond = ground_m(terrain, ROAD, river)[:5]
    assert np.isinf(beyond).all()
    river[5, 3] = False
    assert np.isfinite(ground_m(terrain, ROAD, river)[:5]).all()


def test_a_river_that_runs_aslant_has_no_holes():
    river = np.eye(20, dtype=bool)
    road = np.array([shapely.LineString([(10, 10), (100, 10)])], object)
    found = ground_m(plane(), road, river)
    assert np.isinf(found[np.triu_indices(20, 1)]).all()
    assert np.isfinite(found[np.tril_indices(20, -1)]).all()


def test_cliffs_and_holes_are_walked_around():
    terrain = plane()
    terrain.height_m[8, :19] = 500.0
    behind = ground_m(terrain, ROAD)[7, 0]
    assert behind > 19 * 20  # to the gap at the other end
    terrain.height_m[8] = np.nan
    assert np.isinf(ground_m(terrain, ROAD)[:8]).all()


def test_ground_is_never_shorter_than_straight():
    terrain = rough_terrain(3)
    road = np.array([shapely.LineString([(0, 100), (1200, 700)])], object)
    assert (ground_m(terrain, road) >= straight_m(terrain, road) - 0.01).all()


def test_without_roads_nothing_is_near():
    none = np.empty(0, object)
    assert np.isinf(straight_m(plane(), none)).all()
    assert np.isinf(ground_m(plane(), none)).all()


def test_terrain_and_barriers_that_do_not_fit_are_refused():
    with pytest.raises(TerrainError, match="no height at all"):
        Terrain(np.full((3, 3), np.nan, np.float32), 0, 60, 20, ZONE_12)
    with pytest.raises(TerrainError, match="do not fit"):
        ground_m(plane(), ROAD, np.zeros((3, 3), bool))


def test_the_published_example_of_gifu():
    # 40 m/ha and 185 m before, 119 m/ha and 32.5 m after strip roads: coefficients 2.9 and 1.5.
    assert theoretical_skidding_m(40.0) == 62.5
    assert correction_factor(185.0, 40.0) == pytest.approx(2.96)
    assert theoretical_skidding_m(119.0) == pytest.approx(21.0, abs=0.05)
    assert correction_factor(32.5, 119.0) == pytest.approx(1.547, abs=0.001)


def test_a_straight_road_through_a_square_has_the_theoretical_distance():
    terrain = plane(cells=50, cell_m=2.0)
    road = np.array([shapely.LineString([(0, 50), (100, 50)])], object)
    away = straight_m(terrain, road).ravel().astype(float)
    found = access_of(
        away,
        away,
        np.full(away.size, 0.0004),
        {"forest_road": 100.0},
        within_m=20.0,
        edges_m=np.arange(0, 60, 10.0),
    )
    assert found.area_ha == pytest.approx(1.0)
    assert found.density_m_ha == {"forest_road": pytest.approx(100.0)}
    assert found.mean_straight_m == pytest.approx(25.0)
    assert found.correction == pytest.approx(1.0)
    assert found.detour == pytest.approx(1.0)
    assert found.share_within == pytest.approx(0.4)
    assert found.histogram_ha == pytest.approx(np.full(5, 0.2))
    assert distance_holding(away, np.full(away.size, 0.0004), 0.8) == pytest.approx(40, abs=1.1)


def test_what_reaches_no_road_is_stated_and_not_averaged():
    away = np.array([10.0, 30.0, np.inf])
    found = access_of(away, away, np.ones(3), {}, within_m=100.0, edges_m=np.array([0.0, 20.0]))
    assert found.mean_ground_m == 20.0
    assert found.unreached_ha == 1.0
    assert found.share_within == pytest.approx(2 / 3)
    assert found.histogram_ha.tolist() == [2.0]
    assert density_m_ha(100.0, 0.0) == 0.0
