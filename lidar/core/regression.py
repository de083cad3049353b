"""The small regressions behind volume and share: power law, log-linear, fractional logit.

Iterations are Gauss-Newton with a ridge, deterministic,
and each takes about a millisecond, so that it can be refitted without each plot in turn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ITERATIONS = 40
_TOLERANCE = 1e-9
_LEAST_MEAN_SHARE = 0.05


def with_constant(columns: Array) -> Array:
    """Return the design matrix with a leading column of ones, shape (n, k + 1)."""
    return np.column_stack([np.ones(len(columns)), columns])


def fit_power(design: Array, volume: Array, weight: Array, ridge: float = 1e-6) -> Array:
    """Fit ``volume = exp(design @ b)`` by weighted non-linear least squares.

    The variance is taken to grow with the mean (quasi-Poisson), as lidar volume residuals
    do; weights are renewed in each step and `weight` multiplies them.

    Parameters
    ----------
    design : float64 array, shape (n, k)
        First column constant, others logarithms of predictors.
    volume : float64 array, shape (n,)
        0 or more.
    weight : float64 array, shape (n,)
    ridge : float
        Penalty on all but the constant, relative to the mean curvature.

    Returns
    -------
    float64 array, shape (k,)
    """
    mean = float(np.average(volume, weights=weight))
    start = np.log(np.maximum(volume, _LEAST_MEAN_SHARE * mean))
    b = _solve(design, start, weight * np.maximum(volume, _LEAST_MEAN_SHARE * mean), ridge)
    for _ in range(_ITERATIONS):
        fitted = np.exp(np.clip(design @ b, -30.0, 30.0))
        # Poisson score: the weight 1/mean times the squared derivative mean**2.
        working = design @ b + (volume - fitted) / np.maximum(fitted, 1e-9)
        new = _solve(design, working, weight * np.maximum(fitted, 1e-9), ridge)
        step = np.clip(new - b, -2.0, 2.0)
        b = b + step
        if np.abs(step).max() < _TOLERANCE:
            break
    return b


def fit_log_linear(design: Array, volume: Array, weight: Array, ridge: float = 1e-6) -> Array:
    """Fit ``ln(volume) = design @ b`` by least squares, the constant corrected for bias.

    Back-transformed means are too low. The constant is raised by the ratio of measured to
    fitted sums (Snowdon 1991), not by half the residual variance (Baskerville 1972): on the
    plots of Montmorency, whose residuals are wider than log-normal where trees are low, the
    latter overshoots by 15 %. Volumes under a twentieth of the mean are taken for that.
    """
    floor = _LEAST_MEAN_SHARE * float(np.average(volume, weights=weight))
    b = _solve(design, np.log(np.maximum(volume, floor)), weight, ridge)
    fitted = np.exp(np.clip(design @ b, -30.0, 30.0))
    b[0] += np.log((weight * volume).sum() / max(float((weight * fitted).sum()), 1e-12))
    return b


def left_out_power(design: Array, volume: Array) -> Array:
    """Return what `fit_power` would predict for each row without it, in one step.

    The row's leverage h in the last weighted regression moves its linear predictor by
    h / (1 - h) working residuals (Pregibon 1981): exact for least squares, close here.
    """
    b = fit_power(design, volume, np.ones(len(volume)))
    fitted = np.maximum(np.exp(np.clip(design @ b, -30.0, 30.0)), 1e-9)
    root = np.sqrt(fitted)[:, None] * design
    inverse = np.linalg.pinv(root.T @ root)
    leverage = np.clip(np.einsum("ij,jk,ik->i", root, inverse, root), 0.0, 0.99)
    away = leverage / (1 - leverage) * (volume - fitted) / fitted
    return np.asarray(np.exp(np.log(fitted) - np.clip(away, -2.0, 2.0)), np.float64)


def fit_share(design: Array, share: Array, weight: Array, ridge: float) -> Array:
    """Fit ``share = 1 / (1 + exp(-design @ g))`` for shares between 0 and 1.

    Fractional logistic regression (Papke and Wooldridge 1996), penalised so that pure plots
    that separate perfectly still give finite coefficients.
    """
    g = np.zeros(design.shape[1])
    for _ in range(_ITERATIONS):
        fitted = logistic(design @ g)
        curvature = np.maximum(fitted * (1 - fitted), 1e-4)
        working = design @ g + (share - fitted) / curvature
        new = _solve(design, working, weight * curvature, ridge, relative=False)
        step = np.clip(new - g, -2.0, 2.0)
        g = g + step
        if np.abs(step).max() < _TOLERANCE:
            break
    return g


def logistic(score: Array) -> Array:
    """Return 1 / (1 + exp(-score)) without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * score)))


def _solve(
    design: Array, target: Array, weight: Array, ridge: float, relative: bool = True
) -> Array:
    normal = design.T @ (weight[:, None] * design)
    scale = float(np.trace(normal)) / len(normal) if relative else 1.0
    penalty = np.full(len(normal), ridge * scale)
    penalty[0] = 1e-9 * scale
    return np.asarray(
        np.linalg.solve(normal + np.diag(penalty), design.T @ (weight * target)), np.float64
    )
