"""Area metrics against the same figures computed plainly from the heights."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from lidar.core.grid import Grid
from lidar.core.metrics import METRICS, PERCENTILES, by_label, sane_heights
from lidar.errors import PointsMismatchError


@pytest.fixture(scope="module")
def forest(make_points):
    """Pulses of one to three returns over 60 x 40 m, and the height of each return."""
    rng = np.random.default_rng(21)
    pulses = 30_000
    count = rng.integers(1, 4, pulses)
    x, y = rng.uniform(0.1, 59.9, pulses), rng.uniform(0.1, 39.9, pulses)
    number = np.concatenate([np.arange(1, c + 1) for c in count])
    pulse = np.repeat(np.arange(pulses), count)
    top = np.where(rng.random(pulses) < 0.8, rng.gamma(9.0, 1.6, pulses), 0.0)
    height = top[pulse] * rng.random(number.size) ** (0.4 * (number - 1))
    height = np.where((number == count[pulse]) & (rng.random(number.size) < 0.3), -0.1, height)
    points = make_points(
        x[pulse],
        y[pulse],
        height,
        return_number=number,
        return_count=count[pulse],
        intensity=rng.integers(1, 4000, number.size),
    )
    return points, (points.z_mm / 1000).astype(np.float32)


def plainly(points, height):
    """The definitions, on the returns of one label."""
    h = height.astype(np.float64)
    first, single = points.return_number == 1, points.return_count == 1
    last = (points.return_number == points.return_count) & ~single
    tree, light = h > 2.0, points.intensity.astype(np.float64)
    up = h[tree]
    edges = (2, 5, 10, 15, 20, np.inf)
    return {
        "n_all": h.size,
        "n_first": first.sum(),
        "h_mean": up.mean(),
        "h_mean_all_first": np.maximum(h[first], 0.0).mean(),
        "h_sd": up.std(ddof=1),
        "h_skew": stats.skew(up),
        "h_kurt": stats.kurtosis(up, fisher=False),
        "h_max": up.max(),
        "cover_first": (first & tree).sum() / first.sum(),
        "cover_all": tree.mean(),
        "cover_above_mean": (h > up.mean()).mean(),
        "single_share": single.sum() / first.sum(),
        "returns_per_pulse": points.return_count[first].mean(),
        "last_penetration": (last & ~tree).sum() / (first & tree).sum(),
        "int_first_mean": light[first & tree].mean(),
        "int_first_sd": light[first & tree].std(ddof=1),
        "int_single_mean": light[single & tree].mean(),
        "int_last_mean": light[last].mean(),
        **{f"h_p{p:02d}": np.percentile(up, p) for p in PERCENTILES},
        **{
            f"density_{low}_{'up' if high == np.inf else high}": ((h > low) & (h <= high)).mean()
            for low, high in pairwise(edges)
        },
    }


def test_every_metric_is_what_its_definition_says(forest):
    points, height = forest
    grid = Grid.covering(points.box(), 20.0, points.crs)
    label = points.cells(grid)
    found = by_label(points, height, label, grid.size)
    assert tuple(found) == METRICS
    loose = {"h_skew": 0.02, "h_kurt": 0.05, "cover_above_mean": 0.002}
    for cell in range(grid.size):
        expected = plainly(points.take(label == cell), height[label == cell])
        assert set(expected) == set(METRICS)
        for name, value in expected.items():
            tolerance = 0.06 if name.startswith("h_p") else loose.get(name, 2e-5 * max(1, value))
            assert found[name][cell] == pytest.approx(value, abs=tolerance), name
        assert found["h_mean"].dtype == np.float32


def test_a_plot_gets_the_same_numbers_as_a_cell_with_the_same_points(forest):
    points, height = forest
    grid = Grid.covering(points.box(), 20.0, points.crs)
    label = points.cells(grid)
    cells = by_label(points, height, label, grid.size)
    order = np.random.default_rng(22).permutation(np.flatnonzero(label == 4))
    plot = by_label(points.take(order), height[order], np.zeros(order.size, np.int32), 1)
    for name in METRICS:
        np.testing.assert_array_equal(plot[name][0], cells[name][4], err_msg=name)


def test_labels_beyond_one_batch_are_counted_too(make_points):
    points = make_points([0.0, 0.0, 0.0], 0.0, 0.0)
    found = by_label(
        points, np.array([9, 3, 0], np.float32), np.array([9999, 4096, 4095], np.int32), 10_000
    )
    assert found["h_max"][[9999, 4096, 4095]].tolist() == [9.0, 3.0, 0.0]
    assert found["n_all"].sum() == 3


def test_noise_unlabelled_and_impossible_returns_are_left_out(make_points):
    points = make_points(np.zeros(7), 0.0, 0.0, classification=[1, 7, 18, 12, 1, 1, 1])
    height = np.array([5, 5, 5, 5, 5, np.nan, 300], np.float32)
    label = np.array([0, 0, 0, 0, -1, 0, 0], np.int32)
    found = by_label(points, height, label, 1)
    assert found["n_all"].tolist() == [1.0]
    assert found["h_max"].tolist() == [5.0]
    assert np.isnan(sane_heights(height)[5:]).all()
    assert sane_heights(height)[:5].tolist() == [5.0] * 5


def test_bare_land_has_no_height_and_no_data_has_no_value(make_points):
    points = make_points(np.zeros(4), 0.0, 0.0)
    found = by_label(points, np.zeros(4, np.float32), np.zeros(4, np.int32), 2)
    zero = [n for n in METRICS if n.startswith(("h_", "cover", "density"))]
    assert {found[n][0] for n in zero} == {0.0}
    assert np.isnan(found["int_first_mean"][0])
    assert np.isnan(found["last_penetration"][0])
    assert found["n_all"].tolist() == [4.0, 0.0]
    assert all(np.isnan(found[n][1]) for n in METRICS if not n.startswith("n_"))


def test_one_return_over_two_metres(make_points):
    found = by_label(
        make_points(0.0, 0.0, 0.0), np.array([7.34], np.float32), np.zeros(1, np.int32), 1
    )
    assert found["h_mean"][0] == found["h_max"][0] == np.float32(7.34)
    assert found["h_sd"][0] == 0.0
    assert all(7.3 <= found[f"h_p{p:02d}"][0] <= np.float32(7.34) for p in PERCENTILES)


def test_no_labels_at_all(make_points):
    found = by_label(
        make_points(0.0, 0.0, 0.0), np.zeros(1, np.float32), np.full(1, -1, np.int32), 0
    )
    assert all(found[name].shape == (0,) for name in METRICS)


def test_arrays_that_do_not_match_are_refused(make_points):
    points = make_points(np.zeros(2), 0.0, 0.0)
    with pytest.raises(PointsMismatchError):
        by_label(points, np.zeros(3, np.float32), np.zeros(2, np.int32), 1)
    with pytest.raises(PointsMismatchError):
        by_label(points, np.zeros(2, np.float32), np.array([0, 1], np.int32), 1)
