"""Slope and shade of planes, whose answers are known from geometry."""

import numpy as np
import pytest

from lidar.core.relief import hillshade, slope_deg


def plane(east: float, north: float, cell_m: float = 1.0) -> np.ndarray:
    y, x = np.mgrid[0:9, 0:11] * cell_m
    return (400.0 + east * x - north * y).astype(np.float32)


@pytest.mark.parametrize("cell_m", [0.5, 1.0, 20.0])
@pytest.mark.parametrize("azimuth", range(0, 360, 45))
@pytest.mark.parametrize("angle", [0.0, 10.0, 45.0, 70.0])
def test_a_plane_has_its_slope_everywhere(angle, azimuth, cell_m):
    rise = np.tan(np.radians(angle))
    z = plane(rise * np.sin(np.radians(azimuth)), rise * np.cos(np.radians(azimuth)), cell_m)
    np.testing.assert_allclose(slope_deg(z, cell_m), angle, atol=0.01)


def test_flat_land_is_lit_by_the_height_of_the_sun():
    assert (hillshade(plane(0, 0), 1.0) == round(1 + 254 * np.sin(np.radians(45)))).all()


def test_a_slope_that_faces_the_sun_is_white_and_its_back_is_dark():
    towards_north_west = np.sqrt(0.5)
    assert (hillshade(plane(towards_north_west, -towards_north_west), 1.0) == 255).all()
    assert (hillshade(plane(-towards_north_west, towards_north_west), 1.0) == 1).all()


def test_unknown_cells_stay_unknown_and_spoil_no_neighbour():
    z = plane(1.0, 0.0)
    z[4, 5] = np.nan
    slope, shade = slope_deg(z, 1.0), hillshade(z, 1.0)
    assert np.isnan(slope[4, 5])
    assert shade[4, 5] == 0
    known = ~np.isnan(z)
    np.testing.assert_allclose(slope[known], 45.0, atol=0.01)
    assert (shade[known] > 0).all()
