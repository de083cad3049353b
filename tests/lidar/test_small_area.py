"""The small-area estimator against the published figures of R package forestinventory."""

import csv

import numpy as np
import pytest

from lidar.core.small_area import estimate_area
from lidar.errors import PlotSampleError

# README of forestinventory 1.0.0: twophase(tvol ~ mean + stddev + max + q75, extended
# pseudo-synthetic), estimate and g-weight variance as printed.
PUBLISHED = {
    "A": (391.1605, 1016.956),
    "B": (419.6746, 1019.270),
    "C": (328.0117, 1035.091),
    "D": (371.0596, 1112.735),
}


def read_grisons(shared_data):
    with (shared_data / "lidar/aba/grisons_twophase.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    auxiliaries = np.array(
        [[float(r[name]) for name in ("mean", "stddev", "max", "q75")] for r in rows]
    )
    response = np.array([float(r["tvol"]) if r["tvol"] else np.nan for r in rows])
    return auxiliaries, response, np.array([r["smallarea"] for r in rows])


@pytest.mark.parametrize("area", PUBLISHED)
def test_grisons(shared_data, area):
    auxiliaries, response, where = read_grisons(shared_data)
    found = estimate_area(auxiliaries, response, where == area)
    estimate, variance = PUBLISHED[area]
    assert found.mean == pytest.approx(estimate, abs=5.1e-5)
    assert found.g_variance == pytest.approx(variance, abs=5.1e-4)


def test_an_area_without_measured_plots_is_refused():
    auxiliaries, response = np.arange(20.0)[:, None], np.arange(20.0)
    response[:5] = np.nan
    with pytest.raises(PlotSampleError, match="0 measured plots"):
        estimate_area(auxiliaries, response, np.arange(20) < 5)
