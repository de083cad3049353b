"""Highest returns of cells, and which dark cells are pits."""

import numpy as np
import pytest
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.core.surface import canopy, coarser, fill_pits, surface

GRID = Grid(0.0, 1.0, 0.5, 2, 2, CRS(6680))


def test_the_highest_usable_return_makes_the_surface(make_points):
    points = make_points(
        [0.1, 0.2, 0.3, 0.7, 5.0],
        [0.9, 0.9, 0.9, 0.2, 0.2],
        [410.0, 412.345, 499.0, 401.0, 450.0],
        origin_m=(0, 0, 400),
        classification=[1, 5, 18, 2, 1],
    )
    expected = np.array([[412.345, np.nan], [np.nan, 401.0]], np.float32)
    np.testing.assert_array_equal(surface(points, GRID), expected)


def test_canopy_height_starts_at_the_ground(make_points):
    points = make_points([0.1, 0.6, 0.1, 0.6], [0.9, 0.9, 0.1, 0.1], 0.0)
    height = np.array([7.25, -0.3, np.nan, 0.0], np.float32)
    np.testing.assert_array_equal(canopy(points, height, GRID), [[7.25, 0.0], [np.nan, 0.0]])


def test_a_pit_is_filled_and_a_gap_is_not():
    chm = np.full((20, 20), 18.0, np.float32)
    chm[5, 5] = 3.0
    chm[10:16, 10:16] = 0.0
    filled = fill_pits(chm)
    assert filled[5, 5] == 18.0
    assert (filled[11:15, 11:15] == 0.0).all()
    assert (filled[chm == 18.0] == 18.0).all()


def test_small_holes_are_filled_and_large_ones_stay():
    chm = np.full((30, 30), 10.0, np.float32)
    chm[2:4, 2:4] = np.nan
    chm[10:22, 10:22] = np.nan
    filled = fill_pits(chm)
    assert (filled[2:4, 2:4] == 10.0).all()
    assert np.isnan(filled[14:18, 14:18]).all()
    assert np.isnan(fill_pits(np.full((4, 4), np.nan, np.float32))).all()


@pytest.mark.parametrize("row", [0, 7, 20])
def test_filling_looks_no_further_than_it_says(row):
    rng = np.random.default_rng(3)
    chm = rng.uniform(0, 25, (40, 40)).astype(np.float32)
    chm[rng.random(chm.shape) < 0.4] = np.nan
    margin = 4
    part = fill_pits(chm[row : row + 16 + 2 * margin, 2:38])
    inner = slice(margin if row else 0, 16 + margin)
    whole = fill_pits(chm)[row:][inner, 2 + margin : 38 - margin]
    np.testing.assert_array_equal(part[inner, margin:-margin], whole)


def test_a_coarser_raster_has_the_highest_of_its_cells():
    raster = np.array([[1, 2, np.nan, np.nan], [5, np.nan, np.nan, np.nan]], np.float32)
    np.testing.assert_array_equal(coarser(raster, 2), np.float32([[5, np.nan]]))
