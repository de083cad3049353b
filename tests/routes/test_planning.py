"""Planned lines keep gradient, radius and cross slope, whatever the terrain; broken ones are named."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from routes.core import curves
from routes.core.planning import opened, plan
from routes.core.profile import Breach, profile
from routes.core.standard import Prices, Standard
from routes.core.terrain import Terrain
from routes.errors import PlanError
from tests.routes.conftest import ZONE_12, rough_terrain

STANDARDS = (
    Standard(0.14, 12.0, 0.7),
    Standard(0.09, 12.0, 0.7, width_m=3.5),
    Standard(0.18, 6.0, 0.7),
)
PRICES = Prices(per_m=20_000, per_m3=1_500)
VALLEY = np.array([shapely.LineString([(0, 55), (1200, 55)])], object)


def sharpest_radius(line: shapely.LineString, apart_m: float = 3.0) -> float:
    """Smallest circle through three places of the line, 3 m apart, moved along it by half metres."""
    along = np.arange(apart_m, line.length - apart_m, 0.5)
    places = [line.interpolate(along + shift) for shift in (-apart_m, 0.0, apart_m)]
    a, b, c = (shapely.get_coordinates(place) for place in places)
    sides = [np.hypot(*(one - other).T) for one, other in ((a, b), (b, c), (a, c))]
    area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    with np.errstate(divide="ignore"):
        return float((np.prod(sides, axis=0) / (4 * area)).min(initial=np.inf))


def steepest(line: shapely.LineString, found) -> float:
    """Greatest gradient by an independent way: heights at the corners over the drawn length between."""
    at = [line.project(shapely.Point(xy)) for xy in found.xy]
    return float(np.abs(np.diff(found.profile.height_m) / np.diff(at)).max())


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 100_000),
    st.floats(0.05, 0.6),
    st.sampled_from(STANDARDS),
    st.integers(100, 1100),
    st.integers(300, 1100),
)
def test_no_planned_line_breaks_a_limit(seed, slope, standard, x, y):
    terrain = rough_terrain(seed, slope=slope)
    try:
        (found, *_) = plan(terrain, VALLEY, (float(x), float(y)), standard, PRICES)
    except PlanError as refused:
        assert "keeps a gradient" in str(refused)  # noqa: PT017  rough ground may have no line at all
        return
    assert found.profile.faults == ()
    assert np.abs(found.profile.gradient).max() <= standard.greatest_gradient + 1e-6
    assert found.profile.cross_slope.max() <= standard.greatest_cross_slope + 1e-5
    assert steepest(found.line, found) <= standard.greatest_gradient * 1.001
    assert found.line.length == pytest.approx(found.profile.length_m, rel=2e-3)
    assert sharpest_radius(found.line) >= standard.least_radius_m * 0.99
    assert found.line.is_simple
    assert shapely.distance(found.junction, VALLEY[0]) < 1e-9
    assert found.junction.length <= terrain.cell_m


def test_on_a_plane_the_line_is_straight_and_costs_its_length():
    terrain = Terrain(np.zeros((40, 40), np.float32), 0, 400, 10, ZONE_12)
    road = np.array([shapely.LineString([(0, 5), (400, 5)])], object)
    (found,) = plan(terrain, road, (205, 305), STANDARDS[0], Prices(100.0, 50.0))
    assert found.profile.length_m == pytest.approx(300)
    assert found.cost == pytest.approx(30_000)


def test_a_steep_slope_is_climbed_by_a_detour_as_long_as_the_gradient_asks():
    middle = (np.arange(120) + 0.5) * 10
    height = np.repeat(0.3 * (1200 - middle)[:, None], 120, axis=1).astype(np.float32)
    terrain = Terrain(height, 0, 1200, 10, ZONE_12)
    (found,) = plan(terrain, VALLEY, (1155, 605), STANDARDS[0], PRICES)
    rise = 0.3 * 550
    assert rise / 0.14 <= found.profile.length_m < 1.1 * rise / 0.14


def test_alternatives_take_other_ways():
    found = plan(rough_terrain(11, slope=0.15), VALLEY, (605, 905), STANDARDS[0], PRICES, lines=3)
    assert len(found) == 3
    assert [one.cost for one in found] == sorted(one.cost for one in found)
    corners = [set(map(tuple, one.xy)) for one in found]
    assert all(
        len(a & b) <= 0.6 * max(len(a), len(b))
        for i, a in enumerate(corners)
        for b in corners[i + 1 :]
    )


def test_closed_areas_are_not_entered_and_dear_ones_avoided():
    terrain = Terrain(np.zeros((40, 40), np.float32), 0, 400, 10, ZONE_12)
    road = np.array([shapely.LineString([(0, 5), (400, 5)])], object)
    factor = np.ones((40, 40), np.float32)
    factor[20, :38] = np.inf
    (found,) = plan(terrain, road, (205, 305), STANDARDS[0], PRICES, factor=factor)
    cells = terrain.cells(found.xy)
    assert np.isfinite(factor[tuple(cells.T)]).all()
    assert found.profile.length_m > 400
    factor[20] = np.inf
    with pytest.raises(PlanError, match="no line from the network"):
        plan(terrain, road, (205, 305), STANDARDS[0], PRICES, factor=factor)


@pytest.mark.parametrize(
    ("target", "words"),
    [((5_000.0, 5.0), "the terrain model ends"), ((205.0, 205.0), "no height is known")],
)
def test_targets_where_nothing_can_be_built_are_refused(target, words):
    height = np.zeros((40, 40), np.float32)
    height[19, 20] = np.nan
    road = np.array([shapely.LineString([(0, 5), (400, 5)])], object)
    with pytest.raises(PlanError, match=words):
        plan(Terrain(height, 0, 400, 10, ZONE_12), road, target, STANDARDS[0], PRICES)


def test_a_network_elsewhere_is_refused():
    road = np.array([shapely.LineString([(10_000, 5), (10_400, 5)])], object)
    with pytest.raises(PlanError, match="no road of the network lies on the terrain"):
        plan(rough_terrain(1), road, (605, 605), STANDARDS[0], PRICES)


def test_a_line_drawn_by_hand_is_told_what_it_breaks():
    middle = (np.arange(60) + 0.5) * 10
    height = np.repeat(0.4 * (600 - middle)[:, None], 60, axis=1).astype(np.float32)
    terrain = Terrain(height, 0, 600, 10, ZONE_12)
    steep = profile(np.array([[105.0, 105.0], [105.0, 205.0]]), terrain, STANDARDS[0])
    (fault,) = steep.faults
    assert (fault.kind, fault.from_m, fault.to_m) == (Breach.GRADIENT, 0.0, 100.0)
    assert fault.value == pytest.approx(0.4)
    across = profile(np.array([[105.0, 105.0], [305.0, 105.0]]), terrain, Standard(0.14, 12, 0.3))
    assert [f.kind for f in across.faults] == [Breach.CROSS_SLOPE]
    sharp = np.array([[105.0, 105.0], [205.0, 105.0], [205.0, 110.0], [105.0, 110.0]])
    kinds = {f.kind for f in profile(sharp, terrain, STANDARDS[0]).faults}
    assert Breach.RADIUS in kinds
    crossed = np.array([[105.0, 105], [305, 105], [305, 205], [205, 205], [205, 55]])
    assert Breach.CROSSES_ITSELF in {f.kind for f in profile(crossed, terrain, STANDARDS[0]).faults}
    outside = profile(np.array([[105.0, 105.0], [905.0, 105.0]]), terrain, STANDARDS[0])
    assert Breach.UNKNOWN_HEIGHT in {f.kind for f in outside.faults}


def test_a_corner_is_rounded_as_geometry_says():
    xy = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]])
    radius = 20.0
    expected = 200 - 2 * radius + radius * np.pi / 2
    assert curves.driven_m(xy, radius).sum() == pytest.approx(expected)
    assert curves.rounded(xy, radius).length == pytest.approx(expected, rel=1e-3)
    assert curves.tangent_m(curves.turns(xy), radius) == pytest.approx([radius])


def test_the_cut_of_a_bench_is_the_triangle_under_the_slope():
    standard = Standard(0.14, 12.0, 0.7, width_m=4.0, cut_batter=0.5)
    # Half of 4 m into a slope of 0.5; the face runs back 0.5 in 1: it is 2 x 0.5 / (1 - 0.25) high.
    height = 2 * 0.5 / (1 - 0.5 * 0.5)
    assert standard.cut_m2(np.array([0.5])) == pytest.approx([2 * height / 2])
    assert standard.cut_m2(np.array([0.0])) == pytest.approx([0.0])


def test_what_a_road_opens():
    before = np.array([[50.0, 400.0], [np.inf, 150.0]], np.float32)
    after = np.array([[50.0, 100.0], [250.0, 150.0]], np.float32)
    volume = np.array([[100.0, 200.0], [300.0, np.nan]], np.float32)
    found = opened(before, after, 300.0, volume, 20.0, 100.0)
    assert found.area_ha == pytest.approx(0.08)
    assert found.volume_m3 == pytest.approx((200 + 300) * 0.04)
    assert found.volume_m3_per_m == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Standard(0.0, 12.0), "greatest_gradient"),
        (lambda: Standard(0.1, -1.0), "least_radius_m"),
        (lambda: Standard(0.1, 12.0, 2.0, cut_batter=0.6), "never meets ground"),
        (lambda: Prices(0.0), "no cheapest line"),
    ],
)
def test_limits_that_cannot_be_are_refused(make, words):
    with pytest.raises(PlanError, match=words):
        make()
