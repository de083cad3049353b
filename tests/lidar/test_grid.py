"""Grids: the national mesh, windows that fit, edges that do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.errors import GridMismatchError

ZONE_12 = CRS(6680)
metres = st.integers(-200_000_000, 200_000_000).map(lambda mm: mm / 1000)


@given(
    metres,
    metres,
    st.integers(1, 500_000),
    st.integers(1, 500_000),
    st.sampled_from([0.5, 1.0, 20.0]),
)
def test_a_covering_grid_covers_with_less_than_a_cell_to_spare(x, y, width_mm, height_mm, cell):
    right, top = x + width_mm / 1000, y + height_mm / 1000
    grid = Grid.covering((x, y, right, top), cell, ZONE_12)
    left, bottom, grid_right, grid_top = grid.bounds
    for outer, inner in ((left, x), (bottom, y), (-grid_right, -right), (-grid_top, -top)):
        assert -1e-6 <= inner - outer < cell
    assert left % cell == 0
    assert grid_top % cell == 0


def test_twenty_metre_cells_start_at_the_zone_origin():
    grid = Grid.covering((-33_413.2, -112_889.9, -33_400.0, -112_870.0), 20.0, ZONE_12)
    assert grid.bounds == (-33_420.0, -112_900.0, -33_400.0, -112_860.0)


def test_bounds_that_already_fit_are_kept():
    bounds = (-60.0, -40.0, 100.0, 20.0)
    assert Grid.covering(bounds, 20.0, ZONE_12).bounds == bounds


def test_transform_and_centres_agree():
    grid = Grid(1000.5, 2000.0, 0.5, 4, 6, ZONE_12)
    cols, rows = np.meshgrid(np.arange(6) + 0.5, np.arange(4) + 0.5)
    a, b, c, d, e, f = grid.transform[:6]
    x, y = a * cols + b * rows + c, d * cols + e * rows + f
    np.testing.assert_array_equal(x[0], grid.x_centres())
    np.testing.assert_array_equal(y[:, 0], grid.y_centres())


@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 5), st.integers(1, 5))
def test_a_window_cuts_out_the_cells_of_the_part(row, col, rows, cols):
    whole = Grid(100.0, 200.0, 2.0, 10, 10, ZONE_12)
    part = Grid(100.0 + 2 * col, 200.0 - 2 * row, 2.0, rows, cols, ZONE_12)
    y, x = np.meshgrid(whole.y_centres(), whole.x_centres(), indexing="ij")
    window = whole.window_of(part)
    np.testing.assert_array_equal(x[window][0], part.x_centres())
    np.testing.assert_array_equal(y[window][:, 0], part.y_centres())


def test_buffered_grid_holds_the_grid_in_its_middle():
    grid = Grid(100.0, 200.0, 2.0, 3, 4, ZONE_12)
    wide = grid.buffered(2)
    assert wide.shape == (7, 8)
    assert wide.window_of(grid) == (slice(2, 5), slice(2, 6))
    assert wide.intersection(grid) == grid
    assert grid.intersection(Grid(108.0, 200.0, 2.0, 3, 4, ZONE_12)) is None


@pytest.mark.parametrize(
    "other",
    [
        Grid(101.0, 200.0, 2.0, 1, 1, ZONE_12),
        Grid(100.0, 200.0, 1.0, 1, 1, ZONE_12),
        Grid(100.0, 200.0, 2.0, 1, 1, CRS(6681)),
        Grid(100.0, 200.0, 2.0, 9, 1, ZONE_12),
        Grid(98.0, 200.0, 2.0, 1, 1, ZONE_12),
    ],
    ids=["half a cell off", "other cells", "other zone", "too tall", "outside"],
)
def test_grids_that_do_not_fit_are_refused(other):
    with pytest.raises(GridMismatchError):
        Grid(100.0, 200.0, 2.0, 4, 4, ZONE_12).window_of(other)


@pytest.mark.parametrize(
    ("left", "cell", "rows"), [(0.0, 1.0, 0), (0.00011, 1.0, 1), (0.0, 0.0, 1), (np.nan, 1.0, 1)]
)
def test_impossible_grids_are_refused(left, cell, rows):
    with pytest.raises(GridMismatchError):
        Grid(left, 0.0, cell, rows, 1, ZONE_12)


def test_the_first_cell_is_counted_from_the_origin():
    assert Grid(60.0, 40.0, 20.0, 2, 2, ZONE_12).first_cell == (-2, 3)
    assert Grid(-20.5, -1.5, 0.5, 2, 2, ZONE_12).first_cell == (3, -41)
