"""Statistics of a file against NumPy on all its points at once."""

import numpy as np
import pytest

from lidar.io import las
from lidar.run.statistics import statistics


@pytest.fixture(scope="module")
def whole(shared_data):
    file = las.open_checked(shared_data / "lidar" / "forest" / "fm_class.laz")
    return file, las.read(file.path)


def counted(file, parts):
    return statistics(parts, file, las.origin_of([file]), complete=True)


def test_parts_and_order_do_not_matter(whole):
    file, points = whole
    at_once = counted(file, [points])
    mixed = np.random.default_rng(4).permutation(len(points))
    in_parts = counted(file, [points.take(part) for part in np.array_split(mixed, 7)])
    for name in at_once.__dataclass_fields__:
        # how much ground lies high is asked of some of the parts only
        if name != "ground_usable":
            assert getattr(in_parts, name) == getattr(at_once, name), name


def test_one_point_less_or_moved_has_another_fingerprint(whole):
    file, points = whole
    fingerprint = counted(file, [points]).fingerprint
    assert counted(file, [points.take(slice(1, None))]).fingerprint != fingerprint
    moved = points.take(slice(None))
    moved.x_mm[17] += 10
    assert counted(file, [moved]).fingerprint != fingerprint


def test_figures_are_those_of_numpy(whole):
    file, points = whole
    seen = counted(file, [points])
    assert seen.points_seen == len(points)
    assert seen.returns == {
        str(n): int((points.return_number == n).sum()) for n in np.unique(points.return_number)
    }
    expected = np.percentile(points.intensity, [1, 50, 99], method="inverted_cdf")
    np.testing.assert_array_equal(seen.intensity, expected)
    assert seen.ground_share == pytest.approx((points.classification == 2).mean(), abs=0.00006)
    assert seen.line_ids == np.unique(points.line_id).tolist()
    cells = [(x // 20, y // 20) for x, y in zip(points.x_m(), points.y_m(), strict=True)]
    lines: dict[tuple[float, float], set[int]] = {}
    for cell, line in zip(cells, points.line_id, strict=True):
        lines.setdefault(cell, set()).add(int(line))
    shared = np.mean([len(found) > 1 for found in lines.values()])
    assert seen.line_overlap == pytest.approx(shared, abs=0.01)


def test_the_area_is_that_of_the_hull(tmp_path, las_writer):
    angle = np.random.default_rng(2).uniform(0, 2 * np.pi, 20_000)
    radius = 300 * np.sqrt(np.random.default_rng(3).uniform(0, 1, 20_000))
    x, y = 1000 + radius * np.cos(angle), 1000 + radius * np.sin(angle)
    file = las.open_checked(las_writer(tmp_path / "disc.laz", x, y, x * 0))
    seen = counted(file, [las.read(file.path)])
    assert seen.area_m2 == pytest.approx(np.pi * 300**2, rel=0.01)
    assert seen.pulse_density_m2 == pytest.approx(20_000 / (np.pi * 300**2), rel=0.01)
