import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from lidar.run.params import RunParams
from lidar.run.plan import Cloud, layout

CRS_12 = CRS(6680)


def cloud(left, bottom, width, height, points=1000):
    return Cloud((left, bottom, left + width, bottom + height), points)


@given(
    left=st.integers(-100_000_000, 100_000_000).map(lambda mm: mm / 1000),
    bottom=st.integers(-100_000_000, 100_000_000).map(lambda mm: mm / 1000),
    width=st.integers(1000, 2_000_000).map(lambda mm: mm / 1000),
    height=st.integers(1000, 2_000_000).map(lambda mm: mm / 1000),
)
def test_tiles_cover_a_cloud_once_on_lines_of_the_mesh(left, bottom, width, height):
    plan = layout([cloud(left, bottom, width, height)], CRS_12, RunParams())
    area = 0.0
    for tile in plan.tiles:
        assert all(v % 20 == 0 for v in tile.core)
        area += (tile.core[2] - tile.core[0]) * (tile.core[3] - tile.core[1])
    west, south, east, north = plan.mesh.bounds
    assert area == pytest.approx((east - west) * (north - south))
    for share in (0.01, 0.5, 0.99):
        x, y = left + share * width, bottom + share * height
        assert sum(tile.owns(x, y) for tile in plan.tiles) == 1


def test_all_rasters_have_one_extent_on_the_national_grid():
    plan = layout([cloud(58_403.2, 13_291.7, 640, 555)], CRS_12, RunParams())
    assert plan.mesh.bounds == plan.terrain.bounds == plan.canopy.bounds
    assert plan.mesh.left % 20 == plan.mesh.top % 20 == 0
    assert (plan.terrain.cell_m, plan.canopy.cell_m) == (1.0, 0.5)


def test_tiles_that_no_file_touches_are_not_made():
    corner = [cloud(0, 0, 400, 400), cloud(4600, 4600, 400, 400)]
    assert len(layout(corner, CRS_12, RunParams()).tiles) == 2


def test_dense_tiles_are_divided():
    plan = layout([cloud(0, 0, 1000, 1000, 8_000_000)], CRS_12, RunParams(tile_points=1_000_000))
    for tile in plan.tiles:
        left, bottom, right, top = tile.outer
        inside = (min(right, 1000) - max(left, 0)) * (min(top, 1000) - max(bottom, 0))
        assert inside * 8 <= 1_000_000
    area = sum((t.core[2] - t.core[0]) * (t.core[3] - t.core[1]) for t in plan.tiles)
    assert area == 1000 * 1000
    assert len({t.name for t in plan.tiles}) == len(plan.tiles)


def test_points_are_spread_evenly_over_a_header_s_bounds():
    assert cloud(0, 0, 100, 100, 1000).points_in((0, 0, 50, 50)) == pytest.approx(250)
    assert cloud(0, 0, 100, 100, 1000).points_in((200, 0, 250, 50)) == 0
    line = cloud(0, 0, 0, 100, 1000).points_in((-10, 0, 10, 50))
    assert np.isfinite(line)
    assert line > 0
