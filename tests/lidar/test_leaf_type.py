"""Broadleaf or conifer: crowns drawn in the field, brightness of lines, and refusals."""

import json

import numpy as np
import pytest
from pyproj import CRS

from bench.reference import leaf_types
from lidar.core import intensity, leaf_type, trees
from lidar.core.grid import Grid
from lidar.core.leaf_type import Confusion, LeafTypeModel
from lidar.errors import LeafTypeError


@pytest.fixture(scope="module")
def drawn(real_points, shared_data):
    return leaf_types.load(shared_data, real_points)


def test_crowns_of_a_site_by_models_of_its_other_plots(drawn):
    found = leaf_types.within_site(drawn)
    assert found["OSBS"].accuracy > 0.76  # 133 pines, 83 oaks: measured 0.78
    assert found["OSBS"].balanced_accuracy > 0.74
    assert found["MLBS"].accuracy > 0.98  # 335 of 340 are broadleaf
    assert found["OSBS"].n + found["MLBS"].n == 556


def test_a_model_says_how_well_it_does_and_keeps_it(drawn):
    own = drawn.take(drawn.site == "OSBS")
    model = leaf_type.train(own.features, own.is_broadleaf, own.plot)
    assert model.quality == leaf_types.within_site(drawn)["OSBS"].to_dict() | {
        "held_out_by": "place",
        "places": len(np.unique(own.plot)),
    }
    again = LeafTypeModel.from_dict(json.loads(json.dumps(model.to_dict())))
    probability = model.probability(own.features)
    assert again.probability(own.features).tobytes() == probability.tobytes()
    assert ((probability >= 0) & (probability <= 1)).all()
    assert probability[own.is_broadleaf].mean() > probability[~own.is_broadleaf].mean() + 0.4
    with pytest.raises(LeafTypeError, match="train it again"):
        LeafTypeModel.from_dict(model.to_dict() | {"features": ["h_p99"]})


def test_one_type_alone_teaches_nothing(drawn):
    conifers = drawn.take((drawn.site == "MLBS") & drawn.is_broadleaf)
    with pytest.raises(LeafTypeError, match="335 broadleaf and 0 conifer") as caught:
        leaf_type.train(conifers.features, conifers.is_broadleaf, conifers.plot)
    assert caught.value.fields["conifer"] == 0


def test_confusion_counts_rows_as_truth():
    truth = np.array([True, True, True, False, False])
    said = np.array([True, True, False, False, True])
    found = Confusion.of(truth, said)
    assert found.to_dict()["matrix"] == [[2, 1], [1, 1]]
    assert found.accuracy == pytest.approx(0.6)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2) / 2)


def two_lines(make_points, gain):
    rng = np.random.default_rng(3)
    light = rng.integers(50, 90, 4000)
    line = np.repeat([7, 8], 2000)
    return make_points(
        rng.uniform(0, 50, 4000),
        rng.uniform(0, 50, 4000),
        10.0,
        intensity=np.where(line == 8, light * gain, light),
        line_id=line,
    ), np.full(4000, 10.0, np.float32)


def test_gain_of_a_line_is_taken_out(make_points):
    points, height_m = two_lines(make_points, gain=3)
    even = intensity.normalised(points, intensity.brightness(points, height_m))
    means = [even.intensity[even.line_id == line].mean() for line in (7, 8)]
    assert means == pytest.approx([intensity.LEVEL] * 2, rel=1e-3)


def test_brightness_of_parts_adds_up(make_points):
    points, height_m = two_lines(make_points, gain=3)
    half = np.arange(4000) % 2 == 0
    parts = [intensity.brightness(points.take(m), height_m[m]) for m in (half, ~half)]
    np.testing.assert_array_equal(intensity.merged(parts), intensity.brightness(points, height_m))


def test_a_line_over_bare_land_takes_the_mean_of_the_others(make_points):
    points, height_m = two_lines(make_points, gain=1)
    low = np.where(points.line_id == 8, np.float32(0.1), height_m)
    even = intensity.normalised(points, intensity.brightness(points, low))
    assert even.intensity[even.line_id == 8].mean() == pytest.approx(intensity.LEVEL, rel=0.02)


def test_features_of_found_crowns(make_points):
    grid = Grid(0.0, 20.0, 0.5, 40, 40, CRS(6680))
    y, x = np.meshgrid(grid.y_centres(), grid.x_centres(), indexing="ij")
    reach = np.hypot(x - 10.25, y - 10.25)
    chm = np.where(reach <= 3, 12 - reach, 0.0).astype(np.float32)
    tops, crown = trees.find(chm, grid)
    points = make_points(x.ravel(), y.ravel(), chm.ravel())
    found = leaf_type.crown_features(points, chm.ravel(), chm, crown, grid, len(tops))
    assert set(found) == set(leaf_type.FEATURES)
    assert found["h_p99"] == pytest.approx(np.percentile(chm[crown == 0], [99]), abs=0.1)
    assert found["width_of_height"] == pytest.approx([np.sqrt(np.pi) * 3 / 12], rel=0.1)
    heights = chm[crown == 0]
    assert found["texture"] == pytest.approx([heights.std() / heights.max()])


def groups(rng, apart):
    light = np.concatenate([rng.normal(6.0, 0.1, 300), rng.normal(6.0 + apart, 0.1, 200)])
    return np.exp(light), np.arange(500) >= 300


@pytest.mark.parametrize("leaf_on", [True, False])
def test_brightness_parts_clear_groups_by_season(leaf_on):
    light, is_bright = groups(np.random.default_rng(4), apart=0.6)
    light[7] = np.nan
    found = leaf_type.by_brightness(light, leaf_on=leaf_on)
    assert found.separability == pytest.approx(6.0, abs=0.8)
    assert np.isnan(found.probability[7])
    known = np.arange(500) != 7
    said = found.probability[known] >= 0.5
    assert (said == (is_bright[known] == leaf_on)).mean() > 0.99


def test_brightness_that_does_not_part_is_refused():
    light, _ = groups(np.random.default_rng(5), apart=0.1)
    with pytest.raises(LeafTypeError, match="known type") as caught:
        leaf_type.by_brightness(light, leaf_on=True)
    assert caught.value.fields["separability"] < leaf_type.LEAST_SEPARABILITY
