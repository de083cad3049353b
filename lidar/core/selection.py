"""Choice of a law: which predictors, which family, by errors on plots left out.

All subsets of up to four metrics are tried with a leave-one-out error in closed form;
another predictor must earn its place by two percent. Families are then compared by
plots left out one by one (laws of a few coefficients) or in blocks (forests).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from lidar.core import laws
from lidar.core.laws import SHARE, ForestLaw, Metrics, PowerLaw
from lidar.core.regression import left_out_power, with_constant

Array = NDArray[np.float64]
Index = NDArray[np.intp]

POOL = (
    "h_mean_all_first",
    "h_mean",
    "h_p50",
    "h_p75",
    "h_p95",
    "h_max",
    "h_sd",
    "h_skew",
    "cover_first",
    "cover_all",
)
"""Metrics that are offered to every law: level, spread and shape of heights, and cover.

Mean canopy height alone transfers best between forests (小谷ほか 2015); height, cover and
spread of heights is the usual multi-metric form (Naesset 2002, White et al. 2013).
"""

GAIN_PER_PREDICTOR = 0.02
_MOST_PREDICTORS = 4
_PLOTS_PER_COEFFICIENT = 13
"""Constant and share counted; ten to fifteen is the usual rule (Harrell 2015, chapter 4)."""


def offered(metrics: Metrics) -> tuple[str, ...]:
    """Return the metrics of the pool that these plots have."""
    return tuple(name for name in POOL if name in metrics)


def choose(family: str, metrics: Metrics, response: Array) -> PowerLaw | ForestLaw:
    """Return the law of a family with the predictors that serve best, still to be fitted.

    Parameters
    ----------
    family : str
        One of `laws.FAMILIES`. Forests take the whole pool.
    metrics : dict of str to float64 array, shape (n,)
        With `SHARE` when the share is to take part.
    response : float64 array, shape (n,)
    """
    pool = offered(metrics)
    if family not in ("power", "log-linear"):
        return laws.unfitted(family, pool, metrics, response)
    extra = (SHARE,) if SHARE in metrics else ()
    most = len(response) // _PLOTS_PER_COEFFICIENT - 1 - len(extra)
    subsets = [(*names, *extra) for names in _subsets(pool, most)]
    errors = [_closed_form_error(names, metrics, response) for names in subsets]
    scores = [
        error * (1 + GAIN_PER_PREDICTOR * len(names))
        for error, names in zip(errors, subsets, strict=True)
    ]
    return laws.unfitted(family, subsets[int(np.argmin(scores))], metrics, response)


def _subsets(pool: tuple[str, ...], most: int) -> Iterator[tuple[str, ...]]:
    for size in range(1, min(max(most, 1), _MOST_PREDICTORS, len(pool)) + 1):
        yield from combinations(pool, size)


def _closed_form_error(names: tuple[str, ...], metrics: Metrics, response: Array) -> float:
    """Return the leave-one-out RMSE of a power law of these predictors."""
    design = with_constant(laws.columns(names, metrics))
    return float(np.sqrt(np.mean((left_out_power(design, response) - response) ** 2)))


def held_out(
    law: PowerLaw | ForestLaw, metrics: Metrics, response: Array, part: Index
) -> tuple[Array, Array]:
    """Return predictions for plots by laws that have not seen their part, and coefficients.

    Parameters
    ----------
    part : int array, shape (n,)
        Plots of equal number are left out together.

    Returns
    -------
    predicted : float64 array, shape (n,)
    coefficients : float64 array, shape (number of parts, k)
    """
    columns = laws.columns(law.predictors, metrics)
    predicted, coefficients = np.zeros(len(response)), []
    for k in np.unique(part):
        out = part == k
        fitted = law.refit(columns[~out], response[~out])
        predicted[out] = fitted.predict(columns[out])
        coefficients.append(fitted.coefficients)
    return predicted, np.array(coefficients)


def nested(
    chooser: Callable[[Metrics, Array], PowerLaw | ForestLaw],
    metrics: Metrics,
    response: Array,
    part: Index,
) -> Array:
    """Return held-out predictions where predictors, too, are chosen without the part."""
    predicted = np.zeros(len(response))
    for k in np.unique(part):
        out = part == k
        seen = {name: values[~out] for name, values in metrics.items()}
        law = chooser(seen, response[~out])
        law = law.refit(laws.columns(law.predictors, seen), response[~out])
        own = {name: values[out] for name, values in metrics.items()}
        predicted[out] = law.predict(laws.columns(law.predictors, own))
    return predicted
