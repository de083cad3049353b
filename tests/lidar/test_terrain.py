"""Terrain models: planes come back, holes are filled near points only."""

import numpy as np
import pytest
from pyproj import CRS
from scipy.interpolate import LinearNDInterpolator

from bench.reference.ground import FORESTS, interpolation_ratio
from lidar.core import terrain
from lidar.core.fill import fill_holes
from lidar.core.grid import Grid
from lidar.errors import GridMismatchError

GRID = Grid(500.0, 1200.0, 1.0, 80, 100, CRS(6680))
ORIGIN = (400, 1000, 300)


def height(x, y):
    return 350.0 + 0.4 * (x - 500.0) - 0.25 * (y - 1200.0)


def scattered(make_points, n=1500, seed=1):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(500.0, 600.0, n), rng.uniform(1120.0, 1200.0, n)
    return make_points(x, y, height(x, y), origin_m=ORIGIN)


def test_a_plane_comes_back(make_points):
    points = scattered(make_points)
    found = terrain.model(points, np.ones(len(points), np.bool_), GRID)
    y, x = np.meshgrid(GRID.y_centres(), GRID.x_centres(), indexing="ij")
    error = found.dtm_m - height(x, y)
    # One point stands for the mean of its cell: 0.3 cells off on a slope of 0.47.
    assert np.sqrt(np.mean(error[5:-5, 5:-5] ** 2)) < 0.16
    assert abs(error.mean()) < 0.02
    assert not found.void.any()


def test_cells_with_points_hold_their_mean(make_points):
    points = make_points([500.2, 500.9, 501.5], 1199.5, [310.0, 313.0, 306.004], origin_m=ORIGIN)
    found = terrain.model(points, np.array([True, True, True]), GRID)
    assert found.dtm_m[0, :2].tolist() == pytest.approx([311.5, 306.004], abs=1e-4)
    only_two = terrain.model(points, np.array([True, False, True]), GRID)
    assert only_two.dtm_m[0, 0] == pytest.approx(310.0, abs=1e-4)


def test_order_of_points_changes_nothing(make_points):
    points = scattered(make_points, n=20_000)
    everything = np.ones(len(points), np.bool_)
    shuffled = points.take(np.random.default_rng(2).permutation(len(points)))
    one, other = (terrain.model(p, everything, GRID) for p in (points, shuffled))
    np.testing.assert_array_equal(one.dtm_m, other.dtm_m)


def test_beyond_the_outermost_points_there_is_no_terrain(make_points):
    points = make_points([540.5], [1159.5], [310.0], origin_m=ORIGIN)
    found = terrain.model(points, np.array([True]), GRID)
    y, x = np.meshgrid(GRID.y_centres(), GRID.x_centres(), indexing="ij")
    away = np.maximum(abs(x - 540.5), abs(y - 1159.5))
    np.testing.assert_array_equal(np.isnan(found.dtm_m), away > 10.0)
    np.testing.assert_array_equal(found.void, np.hypot(x - 540.5, y - 1159.5) > 5.0)
    assert (found.dtm_m[away <= 10.0] == 310.0).all()


@pytest.mark.parametrize(("lake_m", "filled"), [(35, True), (45, False)])
def test_holes_are_filled_up_to_twice_the_radius(make_points, lake_m, filled):
    points = scattered(make_points, n=20_000)
    away = np.maximum(abs(points.x_m() - 550.0), abs(points.y_m() - 1160.0))
    shore = points.take(away > lake_m / 2)
    found = terrain.model(shore, np.ones(len(shore), np.bool_), GRID, fill_radius_m=20.0)
    y, x = np.meshgrid(GRID.y_centres(), GRID.x_centres(), indexing="ij")
    midst = np.maximum(abs(x - 550.0), abs(y - 1160.0)) < 2
    assert (~np.isnan(found.dtm_m[midst])).all() == filled
    assert found.void[midst].all()
    if filled:
        assert np.abs(found.dtm_m - height(x, y)).max() < 1.0


def test_without_terrain_points_all_is_void(make_points):
    points = make_points([500.5], [1199.5], [310.0], origin_m=ORIGIN)
    found = terrain.model(points, np.array([False]), GRID)
    assert np.isnan(found.dtm_m).all()
    assert found.void.all()


def test_sampling_between_centres_is_exact_on_a_plane():
    y, x = np.meshgrid(GRID.y_centres(), GRID.x_centres(), indexing="ij")
    rng = np.random.default_rng(4)
    at_x, at_y = rng.uniform(501, 599, 500).round(3), rng.uniform(1121, 1199, 500).round(3)
    sampled = terrain.sample(height(x, y).astype(np.float32), GRID, at_x, at_y)
    np.testing.assert_allclose(sampled, height(at_x, at_y), atol=1e-3)


def test_sampling_leaves_out_unknown_cells():
    dtm = np.full(GRID.shape, 5.0, np.float32)
    dtm[10, 10] = np.nan
    dtm[40:44, 40:44] = np.nan
    x = np.array([510.7, 542.0, 499.9, 600.0, 500.0])
    y = np.array([1189.6, 1158.0, 1199.0, 1199.0, 1200.0])
    sampled = terrain.sample(dtm, GRID, x, y)
    assert sampled[0] == 5.0
    assert np.isnan(sampled[1:4]).all()
    assert sampled[4] == 5.0
    with pytest.raises(GridMismatchError):
        terrain.sample(dtm[1:], GRID, x, y)


def test_heights_are_above_the_terrain(make_points):
    points = make_points([510.5, 510.5, 700.0], 1190.5, [327.25, 320.0, 320.0], origin_m=ORIGIN)
    dtm = np.full(GRID.shape, 320.0, np.float32)
    found = terrain.heights(points, dtm, GRID)
    assert found[:2].tolist() == [7.25, 0.0]
    assert np.isnan(found[2])


def test_filling_keeps_what_is_known_and_bends_smoothly():
    y, x = np.mgrid[0:120, 0:120]
    hill = (20.0 * np.exp(-((x - 60) ** 2 + (y - 60) ** 2) / 900.0)).astype(np.float32)
    holed = hill.copy()
    holed[np.random.default_rng(5).random(hill.shape) < 0.95] = np.nan
    filled = fill_holes(holed, np.ones(holed.shape, np.bool_))
    known = ~np.isnan(holed)
    np.testing.assert_array_equal(filled[known], hill[known])
    rows, cols = np.nonzero(known)
    tin = LinearNDInterpolator(np.c_[rows, cols], hill[known])(y, x)
    inner = ~np.isnan(tin) & (np.hypot(x - 60, y - 60) < 45)
    assert rms(filled - hill, inner) < 0.8 * rms(tin - hill, inner)


def test_overlapping_rasters_are_filled_alike():
    rng = np.random.default_rng(7)
    holed = rng.normal(0.0, 1.0, (200, 200)).astype(np.float32)
    holed[rng.random(holed.shape) < 0.9] = np.nan
    covered = np.ones(holed.shape, np.bool_)
    whole = fill_holes(holed, covered, (1000, -77))
    for row, col in ((37, 0), (0, 13), (21, 50)):
        here = (slice(row, None), slice(col, None))
        part = fill_holes(holed[here], covered[here], (1000 + row, -77 + col))
        apart = np.abs(part - whole[row:, col:])[30 * (row > 0) :, 30 * (col > 0) :]
        assert apart.max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", FORESTS)
def test_held_out_ground_is_met_as_well_as_by_triangles(real_points, name):
    assert interpolation_ratio(real_points(f"forest/{name}.laz")) < 1.02


def rms(error, where):
    return float(np.sqrt(np.mean(error[where] ** 2)))
