"""The CS map of surfaces whose slope and curvature are known."""

import numpy as np
import pytest

from lidar.core.blur import blurred
from lidar.core.cs_map import cs_map, curvature

Y, X = np.mgrid[-40:41, -40:41].astype(np.float32)


def test_curvature_of_a_paraboloid_is_its_second_derivative():
    # z = -a (x2 + y2): each second derivative is -2 a, and the measure -2 (D + E) is 4 a
    for a in (0.01, -0.02):
        found = curvature((-a * (X**2 + Y**2)).astype(np.float32), 1.0)
        np.testing.assert_allclose(found[1:-1, 1:-1], 4 * a, atol=1e-3)
    np.testing.assert_allclose(curvature(3 * X + 2 * Y, 1.0), 0.0, atol=1e-4)


def test_ridges_are_red_and_hollows_blue():
    ridge = (500 - np.abs(X) * 0.3).astype(np.float32)
    red, _, blue = cs_map(ridge, 1.0)[:, 40, 40].astype(int)
    assert red > blue + 10
    red, _, blue = cs_map(1000 - ridge, 1.0)[:, 40, 40].astype(int)
    assert blue > red + 10


def test_steep_ground_is_darker_than_flat_ground():
    light = [cs_map(300 + steep * X, 1.0)[:, 40, 40].sum() for steep in (0.0, 0.4, 1.2)]
    assert light == sorted(light, reverse=True)
    assert light[0] > light[-1] + 100


def test_unknown_cells_are_no_data_and_known_ones_are_not():
    dtm = np.where(X > 20, np.nan, 0 * X).astype(np.float32)
    picture = cs_map(dtm, 1.0)
    assert (picture[:, np.isnan(dtm)] == 0).all()
    assert (picture[:, ~np.isnan(dtm)] > 0).all()


def test_a_cell_depends_on_cells_within_13_m_alone():
    rng = np.random.default_rng(1)
    rough = rng.normal(300, 2, X.shape).astype(np.float32)
    changed = np.where(np.maximum(abs(X), abs(Y)) > 13, rough + 50, rough)
    np.testing.assert_array_equal(cs_map(rough, 1.0)[:, 40, 40], cs_map(changed, 1.0)[:, 40, 40])


@pytest.mark.parametrize("cell_m", [0.5, 1.0])
def test_blurring_keeps_a_constant_and_the_holes(cell_m):
    raster = np.where(X % 7 == 0, np.nan, 12.5).astype(np.float32)
    out = blurred(raster, cell_m, 2.0)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(raster))
    np.testing.assert_allclose(out[~np.isnan(out)], 12.5, rtol=1e-5)
