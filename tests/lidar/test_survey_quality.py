"""Agreement of flight lines, coverage and classes, against scans whose faults are known."""

import numpy as np
import pytest
from pyproj import CRS

from lidar.core import survey_quality
from lidar.core.grid import Grid
from lidar.core.survey_quality import joined, joined_lines, measure

CRS_12 = CRS(6680)
EXTENT = (0.0, 0.0, 100.0, 60.0)
MESH = Grid.covering(EXTENT, 20.0, CRS_12)
FINE = Grid.covering(EXTENT, 1.0, CRS_12)


def two_lines(make_points, offset_m=0.10, gain=1.5, n=12_000):
    """Line 5 lies higher than line 3 by an offset and shines brighter; both see bare ground."""
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 100, n), rng.uniform(0, 60, n)
    line = np.where(rng.random(n) < 0.5, 3, 5)
    points = make_points(
        x,
        y,
        0.0,
        line_id=line,
        intensity=np.where(line == 5, 100 * gain, 100),
        scan_angle_deg=np.where(line == 5, -21.5, 8.0),
    )
    height = (np.where(line == 5, offset_m, 0.0) + rng.normal(0, 0.03, n)).astype(np.float32)
    return points, height, np.ones(n, bool)


def test_an_offset_between_lines_is_found_with_its_sign(make_points):
    found = measure(*two_lines(make_points), MESH, FINE)
    (pair,) = found.pairs
    line_a, line_b, cells, difference, squares, light_cells, log_ratio = pair
    assert (line_a, line_b, cells, light_cells) == (3, 5, 15, 15)
    assert difference / cells == pytest.approx(-100, abs=3)
    assert np.sqrt(squares / cells) == pytest.approx(100, abs=3)
    assert np.exp(log_ratio / light_cells / 1e6) == pytest.approx(1 / 1.5, rel=1e-4)
    assert (np.abs(found.cells[1] - 100) < 15).all()


def test_lines_are_counted_with_their_angles(make_points):
    points, height, terrain = two_lines(make_points)
    found = measure(points, height, terrain, MESH, FINE)
    assert found.lines[:, 0].tolist() == [3, 5]
    assert found.lines[:, 1].sum() == len(points)
    assert found.lines[:, 4].tolist() == [800, 2150]
    assert (found.cells[0] == 2).all()


def test_one_line_alone_has_no_difference(make_points):
    points = make_points(np.arange(1, 90), 10.0, 0.0, line_id=1)
    found = measure(points, np.zeros(89, np.float32), np.ones(89, bool), MESH, FINE)
    assert len(found.pairs) == 0
    assert (found.cells[1] == survey_quality.UNSEEN).all()


def test_cells_without_returns_and_noise_are_counted(make_points):
    # one point in each 1 m cell of the western cell of the south row, every second one noise
    x, y = (a.ravel() + 0.5 for a in np.meshgrid(np.arange(20), np.arange(20)))
    kind = np.where(np.arange(400) % 2 == 0, 7, 2)
    points = make_points(x, y, 0.0, classification=kind)
    found = measure(points, np.zeros(400, np.float32), kind == 2, MESH, FINE)
    empty = found.empty.reshape(MESH.shape)
    assert empty[-1, 0] == 0
    assert (np.delete(empty.ravel(), MESH.size - MESH.cols) == 400).all()
    assert found.cells[4].reshape(MESH.shape)[-1, 0] == 200
    assert found.cells[3].reshape(MESH.shape)[-1, 0] == 200
    assert found.classes[7] == found.classes[2] == 200


def test_parts_join_to_the_whole(make_points):
    points, height, terrain = two_lines(make_points)
    whole = measure(points, height, terrain, MESH, FINE)
    parts = []
    for west, east in ((0.0, 40.0), (40.0, 100.0)):
        box = (west, 0.0, east, 60.0)
        mesh, fine = (Grid.covering(box, cell, CRS_12) for cell in (20.0, 1.0))
        parts.append(measure(points, height, terrain, mesh, fine))
    assert joined([p.pairs for p in parts], 2).tolist() == whole.pairs.tolist()
    assert joined_lines([p.lines for p in parts]).tolist() == whole.lines.tolist()
