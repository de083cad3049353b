"""Residual variance of cells and how far the cells of a stand share their residual."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.spatial.distance import pdist, squareform

Array = NDArray[np.float64]

RANGE_M = 500.0
"""Distance over which correlation falls to 1/e.

Inside one stand the residual does not fade with distance: species mix, site and stocking are
the stand's. Zones larger than a stand gather several.
"""
PAIR_RANGE_M = 100.0
"""Over this distance the chance that two plots stand in the same stand falls to 1/e."""

LEAST_SHARED = 0.25
"""Least part of the residual variance that a stand has in common.

Stands have errors of 10 to 15 % where plots have 20 to 30 % (Naesset 2002 and the Nordic
national maps), though dozens of cells average out in each: a quarter of the variance does not.
Plots alone would say less, for each helps to predict its neighbours in the same stand.
"""
_PRIOR_SD = 0.2
_REWEIGHTINGS = 3
_LEAST_RELATIVE = 0.02
_LEAST_BINOMIAL = 0.02
_LEAST_LEFT = 0.5


@dataclass(frozen=True, slots=True)
class Residuals:
    """Held-out residuals of plots and the part of their variance that is accounted for.

    Attributes
    ----------
    value : float64 array, shape (n,)
        Measured less predicted.
    prediction_variance : float64 array, shape (n,)
        Variance of the predictions: zones get it from the model itself, so it must not be
        counted again in what cells scatter.
    """

    value: Array
    prediction_variance: Array

    def unexplained(self, weight: Array) -> float:
        """Return the weighted sum of squares beyond the prediction's variance, half at least."""
        whole = float((weight * self.value**2).sum())
        return max(whole - float((weight * self.prediction_variance).sum()), _LEAST_LEFT * whole)


@dataclass(frozen=True, slots=True)
class ResidualModel:
    """Variance of a cell's volume about its prediction.

    With t the predicted total and s the predicted share of a group (1 for the total itself),

        variance = s**2 (constant + square t**2) + mixing t**2 s (1 - s):

    the total's own error and the share's, one law for hardwood and conifer, whose share is
    wrong together. A part `shared` (`mixing_shared`) of it is correlated over distance d as
    exp(-d / 500 m), the rest is the cell's own (Breidenbach, McRoberts and Astrup 2016 on why
    it may not be left out).

    Attributes
    ----------
    constant, square, mixing : float
    shared, mixing_shared : float
        0 to 1.
    """

    constant: float
    square: float
    mixing: float
    shared: float
    mixing_shared: float

    @classmethod
    def fit(
        cls,
        total_residual: Residuals,
        share_residual: Residuals,
        total: Array,
        share: Array,
        xy_m: Array,
    ) -> Self:
        """Fit to held-out residuals of plots.

        Parameters
        ----------
        total_residual : Residuals
            Of the total, m3/ha.
        share_residual : Residuals
            Of the share of hardwood, 0 where nothing was measured.
        total, share : float64 arrays, shape (n,)
            Predicted.
        xy_m : float64 array, shape (n, 2)
        """
        constant, square = _scatter(total_residual, total)
        spread = np.sqrt(np.maximum(constant + square * total**2, 1e-12))
        binomial = np.maximum(share * (1 - share), _LEAST_BINOMIAL)
        mixing = share_residual.unexplained(total**2) / float((total**2 * binomial).sum())
        mixing_spread = np.sqrt(max(mixing, 1e-12) * binomial)
        return cls(
            constant,
            square,
            mixing,
            _shared(total_residual.value / spread, np.ones_like(total), xy_m),
            _shared(share_residual.value / mixing_spread, binomial * total, xy_m),
        )

    def scaled(self, factor: float) -> Self:
        """Return the model with all variances times a factor."""
        return replace(
            self,
            constant=factor * self.constant,
            square=factor * self.square,
            mixing=factor * self.mixing,
        )

    def variance(self, total: Array, share: Array) -> Array:
        """Return the residual variance of each cell; 0 where nothing is predicted."""
        own, mixing = self._parts(total, share)
        return own + mixing

    def variance_of_sum(self, weight: Array, total: Array, share: Array, xy_m: Array) -> float:
        """Return the variance of ``sum(weight * residual)`` over cells at places (n, 2).

        Parameters
        ----------
        weight : float64 array, shape (n,)
            Such as areas in hectares.
        total, share : float64 arrays, shape (n,)
            Predicted total m3/ha and share of the group.
        xy_m : float64 array, shape (n, 2)
        """
        own, mixing = self._parts(total, share)
        near = np.exp(-squareform(pdist(xy_m)) / RANGE_M)
        return _correlated(weight * np.sqrt(own), self.shared, near) + _correlated(
            weight * np.sqrt(mixing), self.mixing_shared, near
        )

    def _parts(self, total: Array, share: Array) -> tuple[Array, Array]:
        """Return the variance from the total's error and from the share's."""
        own = share**2 * (self.constant + self.square * total**2)
        return np.where(total > 0, own, 0.0), self.mixing * total**2 * share * (1 - share)

    def to_dict(self) -> dict[str, float]:
        """Return the numbers for JSON."""
        return asdict(self) | {"range_m": RANGE_M}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the model that `to_dict` wrote."""
        return cls(
            data["constant"],
            data["square"],
            data["mixing"],
            data["shared"],
            data["mixing_shared"],
        )


NO_SCATTER = ResidualModel(0.0, 0.0, 0.0, 0.0, 0.0)
"""Cells without any scatter of their own."""


def _scatter(residuals: Residuals, total: Array) -> tuple[float, float]:
    """Return the constant and the part of total**2 in the variance of the total."""
    columns = np.column_stack([np.ones_like(total), total**2])
    weight = np.ones(total.size)
    for _ in range(_REWEIGHTINGS):
        parts, _ = nnls(columns * weight[:, None], residuals.value**2 * weight)
        fitted = columns @ parts
        # The square of a residual spreads in proportion to its variance.
        weight = 1 / np.maximum(fitted, _LEAST_RELATIVE * fitted.max() + 1e-12)
    scale = residuals.unexplained(np.ones(total.size)) / max(float((columns @ parts).sum()), 1e-12)
    return float(parts[0] * scale), float(parts[1] * scale)


def _correlated(spread: Array, shared: float, near: Array) -> float:
    own = (1 - shared) * float((spread**2).sum())
    return own + shared * float(spread @ near @ spread)


def _shared(standard: Array, weight: Array, xy_m: Array) -> float:
    """Return the correlated part: pairs of plots against the floor, weighed by precision."""
    standard = np.clip(standard, -3, 3)
    relative = weight / max(float(weight.max()), 1e-12)
    rows, cols = np.triu_indices(standard.size, 1)
    near = np.exp(-pdist(xy_m) / PAIR_RANGE_M)
    trust = relative[rows] * relative[cols]
    pairs = float((trust * near**2).sum())
    seen = float((trust * near * standard[rows] * standard[cols]).sum())
    prior = 1 / _PRIOR_SD**2
    return float(np.clip((seen + prior * LEAST_SHARED) / (pairs + prior), LEAST_SHARED, 0.9))
