import numpy as np
import pytest
import shapely
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.run.coverage import coverage

MESH = Grid.covering((58_400, 13_000, 58_600, 13_200), 20.0, CRS(6680))


def cell_box(number):
    row, col = divmod(int(number), MESH.cols)
    left, top = MESH.left + 20 * col, MESH.top - 20 * row
    return shapely.box(left, top - 20, left + 20, top)


@pytest.mark.parametrize("seed", range(5))
def test_areas_are_those_of_the_intersections(seed):
    rng = np.random.default_rng(seed)
    polygon = shapely.Point(58_480, 13_110).buffer(70)
    hole = shapely.Point(58_480 + rng.uniform(-20, 20), 13_110 + rng.uniform(-20, 20)).buffer(25)
    polygon = polygon.difference(hole)
    ((cells, area_m2),) = coverage(np.array([polygon]), MESH)
    expected = [cell_box(c).intersection(polygon).area for c in cells]
    np.testing.assert_allclose(area_m2, expected, atol=1e-3)
    assert area_m2.sum() == pytest.approx(polygon.area, rel=1e-6)


def test_neighbours_share_a_cell_without_gap_or_overlap():
    left, right = (
        shapely.box(58_405, 13_005, 58_451, 13_195),
        shapely.box(58_451, 13_005, 58_595, 13_195),
    )
    total = np.zeros(MESH.size)
    for cells, area_m2 in coverage(np.array([left, right]), MESH):
        total[cells] += area_m2
    assert total.max() == pytest.approx(400)
    assert total.sum() == pytest.approx(left.area + right.area)


def test_outside_the_mesh_there_is_nothing():
    ((cells, area_m2),) = coverage(np.array([shapely.box(0, 0, 10, 10)]), MESH)
    assert cells.size == area_m2.size == 0


def test_only_the_part_inside_the_mesh_counts():
    ((_, area_m2),) = coverage(np.array([shapely.box(58_300, 13_100, 58_450, 13_300)]), MESH)
    assert area_m2.sum() == pytest.approx(50 * 100)
