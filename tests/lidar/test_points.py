"""Points: whole millimetres, half-open cells, parts that join."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.core.kernel import floor_div
from lidar.core.points import Points
from lidar.errors import PointsMismatchError

ZONE_12 = CRS(6680)


def test_metres_are_exact_far_from_the_origin(make_points):
    points = make_points(-33_413.201, -112_889.999, 512.003, origin_m=(-33_414, -112_890, 512))
    assert points.x_m()[0] == -33_413.201
    assert points.y_m()[0] == -112_889.999
    assert points.z_m()[0] == 512.003


@given(
    st.lists(st.tuples(st.integers(-99_999, 99_999), st.integers(-99_999, 99_999)), min_size=1),
    st.sampled_from([0.5, 1.0, 20.0]),
)
@settings(deadline=None)  # the first call compiles
def test_the_grid_over_the_box_holds_every_point(make_points, xy_mm, cell):
    points = make_points(*(np.array(xy_mm).T / 1000), 0.0, origin_m=(-50, 70, 0))
    grid = Grid.covering(points.box(), cell, points.crs)
    cells = points.cells(grid)
    assert cells.min() >= 0
    rows, cols = np.divmod(cells, grid.cols)
    east = points.x_m() - grid.x_centres()[cols]
    north = points.y_m() - grid.y_centres()[rows]
    half = cell / 2 + 1e-9
    assert (np.abs(east) <= half).all()
    assert (np.abs(north) <= half).all()


def test_a_point_between_cells_goes_east_and_south(make_points):
    grid = Grid(0.0, 2.0, 1.0, 2, 2, ZONE_12)
    points = make_points([0.0, 1.0, 1.0, 2.0, 0.5, -0.001], [2.0, 2.0, 1.0, 1.5, 0.0, 1.0], 0.0)
    assert points.cells(grid).tolist() == [0, 1, 3, -1, -1, -1]


def test_parts_join_in_order(make_points):
    parts = [make_points([1, 2], 0, 0), make_points([3], 0, 0, classification=2)]
    joined = Points.concatenate(parts)
    assert joined.x_m().tolist() == [1, 2, 3]
    assert joined.classification.tolist() == [1, 1, 2]
    assert joined.gps_time is None
    assert joined.take(joined.classification == 2).x_m().tolist() == [3]


def test_times_are_kept_only_when_all_parts_have_them(make_points):
    untimed = make_points([1, 2], 0, 0)
    timed = replace(untimed, gps_time=np.array([5.0, 6.0]))
    assert Points.concatenate([timed, timed]).gps_time.tolist() == [5, 6, 5, 6]
    assert Points.concatenate([timed, untimed]).gps_time is None
    assert timed.take(np.array([1])).gps_time.tolist() == [6]


def test_parts_of_other_origins_do_not_join(make_points):
    with pytest.raises(PointsMismatchError):
        Points.concatenate([make_points(1, 0, 0), make_points(1, 0, 0, origin_m=(1, 0, 0))])
    with pytest.raises(PointsMismatchError):
        Points.concatenate([])


def test_arrays_of_other_lengths_are_refused(make_points):
    points = make_points([1, 2], 0, 0)
    with pytest.raises(PointsMismatchError, match="intensity"):
        replace(points, intensity=np.zeros(3, np.uint16))
    with pytest.raises(PointsMismatchError, match="z_mm"):
        replace(points, z_mm=np.zeros(2, np.float64))


def test_noise_and_overlap_are_not_usable(make_points):
    points = make_points(range(6), 0, 0, classification=[0, 2, 7, 12, 18, 5])
    assert points.is_usable().tolist() == [True, True, False, False, False, True]


def test_no_points_have_no_box():
    empty = Points.empty((0, 0, 0), ZONE_12)
    assert len(empty) == 0
    with pytest.raises(PointsMismatchError):
        empty.box()


@given(
    distance=st.integers(-(2**39), 2**39),
    divisor=st.sampled_from([1, 3, 500, 1000, 2000, 20_000, 999_983]),
)
def test_dividing_by_a_factor_rounds_down_as_dividing_does(distance, divisor):
    for exact in (distance, distance // divisor * divisor, distance // divisor * divisor - 1):
        assert floor_div(exact, 1.0 / divisor) == exact // divisor
