"""Forests: the same as scikit-learn's, and the same alone as in company."""

import json

import numpy as np
import pytest

from lidar.core import forest
from lidar.core.forest import Forest


def bent(n, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 4))
    return x, np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] + rng.normal(0, 0.1, n)


@pytest.mark.parametrize("kind", forest.KINDS)
def test_predictions_are_those_of_the_library(kind):
    x, y = bent(200)
    weight = np.random.default_rng(2).uniform(0.5, 2, 200)
    theirs = forest._estimator(kind).fit(x, y, sample_weight=weight)
    grown = Forest.fit(kind, x, y, weight)
    new, truth = bent(500, seed=3)
    np.testing.assert_allclose(grown.predict(new), theirs.predict(new), rtol=1e-9)
    assert np.corrcoef(grown.predict(new), truth)[0, 1] > 0.85


@pytest.mark.parametrize("kind", forest.KINDS)
def test_json_and_company_change_no_bit(kind):
    x, y = bent(120)
    grown = Forest.fit(kind, x, y)
    again = Forest.from_dict(json.loads(json.dumps(grown.to_dict())))
    every = grown.predict(x)
    assert again.predict(x).tobytes() == every.tobytes()
    assert grown.predict(x[40:41]).tobytes() == every[40:41].tobytes()
    assert Forest.fit(kind, x, y).predict(x).tobytes() == every.tobytes()
