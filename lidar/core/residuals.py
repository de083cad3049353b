"""Residual variance of cells and how far neighbours share their residual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.spatial.distance import pdist, squareform

Array = NDArray[np.float64]

RANGE_M = 100.0
"""Distance over which correlation falls to 1/e: about the reach of one stand.

A few dozen plots cannot tell the range, so it is fixed; their pairs do speak on the share.
"""
MIXING_SHARED, MIXING_RANGE_M = 0.5, 200.0
"""The same for the error of the share: a stand's kind is mistaken as a whole, not by cells."""

_PRIOR_SHARE, _PRIOR_SD = 0.25, 0.2
_REWEIGHTINGS = 3
_LEAST_RELATIVE = 0.02


@dataclass(frozen=True, slots=True)
class ResidualModel:
    """Variance of a cell's volume about its prediction.

    ``variance = constant + square * v**2 + mixing * (t**2 s (1 - s))`` with v the predicted
    volume of the group, t the predicted total and s the predicted share of the group; a part
    `shared` of it is correlated over distance d as exp(-d / 100 m), the rest is the cell's own
    (Breidenbach, McRoberts and Astrup 2016 on why it may not be left out).

    Attributes
    ----------
    constant, square, mixing : float
    shared : float
        0 to 1.
    """

    constant: float
    square: float
    mixing: float
    shared: float

    @classmethod
    def fit(cls, residual: Array, total: Array, share: Array, x_m: Array, y_m: Array) -> Self:
        """Fit to held-out residuals of plots; all arrays of shape (n,)."""
        columns = _columns(total, share)
        weight = np.ones(residual.size)
        parts = np.zeros(3)
        for _ in range(_REWEIGHTINGS):
            parts, _ = nnls(columns * weight[:, None], residual**2 * weight)
            fitted = columns @ parts
            # The square of a residual spreads in proportion to its variance.
            weight = 1 / np.maximum(fitted, _LEAST_RELATIVE * fitted.max() + 1e-12)
        variance = columns @ parts
        scale = float((residual**2).sum() / max(float(variance.sum()), 1e-12))
        parts = parts * scale
        standard = residual / np.sqrt(np.maximum(columns @ parts, 1e-12))
        shared = _shared(np.clip(standard, -3, 3), np.column_stack([x_m, y_m]))
        constant, square, mixing = (float(p) for p in parts)
        return cls(constant, square, mixing, shared)

    def variance(self, total: Array, share: Array) -> Array:
        """Return the residual variance of each cell; 0 where nothing is predicted."""
        variance = _columns(total, share) @ np.array([self.constant, self.square, self.mixing])
        return np.where(total > 0, variance, 0.0)

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
        columns = np.where(total[:, None] > 0, _columns(total, share), 0.0)
        scatter = weight * np.sqrt(columns[:, :2] @ np.array([self.constant, self.square]))
        mixing = weight * np.sqrt(columns[:, 2] * self.mixing)
        apart = squareform(pdist(xy_m))
        return _correlated(scatter, self.shared, np.exp(-apart / RANGE_M)) + _correlated(
            mixing, max(self.shared, MIXING_SHARED), np.exp(-apart / MIXING_RANGE_M)
        )

    def to_dict(self) -> dict[str, float]:
        """Return the numbers for JSON."""
        return {
            "constant": self.constant,
            "square": self.square,
            "mixing": self.mixing,
            "shared": self.shared,
            "range_m": RANGE_M,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the model that `to_dict` wrote."""
        return cls(data["constant"], data["square"], data["mixing"], data["shared"])


def _correlated(spread: Array, shared: float, near: Array) -> float:
    own = (1 - shared) * float((spread**2).sum())
    return own + shared * float(spread @ near @ spread)


def _columns(total: Array, share: Array) -> Array:
    return np.column_stack(
        [np.ones_like(total), (total * share) ** 2, total**2 * share * (1 - share)]
    )


def _shared(standard: Array, xy_m: Array) -> float:
    """Return the correlated part: pairs of plots against the prior, weighed by precision."""
    near = np.exp(-pdist(xy_m) / RANGE_M)
    rows, cols = np.triu_indices(standard.size, 1)
    pairs = float((near**2).sum())
    seen = float((near * standard[rows] * standard[cols]).sum())
    prior = 1 / _PRIOR_SD**2
    return float(np.clip((seen + prior * _PRIOR_SHARE) / (pairs + prior), 0.05, 0.9))
