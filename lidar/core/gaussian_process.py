"""A small Gaussian process regression: linear trend plus smooth bends, with its own doubt.

The kernel of two standardised feature vectors is

    k(x, z) = bend**2 exp(-|x - z|**2 / (2 scale**2 p)) + slope**2 (1 + x.z / p)

with p the number of features (Rasmussen and Williams 2006, chapters 2, 4 and 5). The four
hyperparameters maximise the posterior under weak log-normal priors. Plots are tens to a
few hundred, so everything is dense linear algebra; prediction runs cell by cell in compiled
code, so that a cell's value does not depend on which other cells are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize

from lidar.core.kernel import kernel

Array = NDArray[np.float64]

# Centres and spreads of the priors on log(bend, slope, scale, noise), response of SD 1.
_PRIOR_MEAN = np.log([0.6, 0.6, 1.2, 0.3])
_PRIOR_SD = np.array([0.7, 0.7, 0.35, 0.7])
_JITTER = 1e-8


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """A fitted process.

    Attributes
    ----------
    features : float64 array, shape (n, p)
        Standardised training features.
    mean, spread : float
        The response was ``mean + spread * y``.
    hyper : float64 array, shape (4,)
        bend, slope, scale, noise, for the standardised response.
    weights : float64 array, shape (n,)
        Prediction is ``mean + spread * k(x, features) @ weights``.
    factor : float64 array, shape (n, n)
        Lower Cholesky factor of the training covariance.
    """

    features: Array
    mean: float
    spread: float
    hyper: Array
    weights: Array
    factor: Array

    @classmethod
    def fit(cls, features: Array, response: Array, noise_shape: Array) -> Self:
        """Fit hyperparameters and weights.

        Parameters
        ----------
        features : float64 array, shape (n, p)
            Standardised.
        response : float64 array, shape (n,)
        noise_shape : float64 array, shape (n,)
            Relative noise variance of each response, mean about 1.
        """
        mean, spread = float(response.mean()), max(float(response.std()), 1e-6)
        y = (response - mean) / spread
        square, dot = _products(features, features)
        best = minimize(
            _objective,
            _PRIOR_MEAN,
            args=(square, dot, noise_shape, y),
            jac=True,
            method="L-BFGS-B",
            bounds=[(m - 3 * s, m + 3 * s) for m, s in zip(_PRIOR_MEAN, _PRIOR_SD, strict=True)],
        )
        hyper = np.exp(best.x)
        covariance = _covariance(hyper, square, dot)
        covariance[np.diag_indices_from(covariance)] += hyper[3] ** 2 * noise_shape + _JITTER
        factor, _ = cho_factor(covariance, lower=True)
        factor = np.tril(factor)
        return cls(features, mean, spread, hyper, cho_solve((factor, True), y), factor)

    def predict(self, features: Array) -> Array:
        """Return the expected response at features of shape (m, p)."""
        return self.mean + self.spread * _predict(
            np.ascontiguousarray(features), self.features, self.weights, *self.hyper[:3]
        )

    def variance_of_sum(self, features: Array, share: Array) -> float:
        """Return the variance of ``sum(share * f(features))``, noise left out.

        Cells next to each other in feature space share their error, so the variance of a
        compartment's mean is not that of a cell divided by their number.
        """
        square, dot = _products(features, features)
        prior = share @ _covariance(self.hyper, square, dot) @ share
        square, dot = _products(self.features, features)
        seen = solve_triangular(
            self.factor, _covariance(self.hyper, square, dot) @ share, lower=True
        )
        return float(self.spread**2 * max(prior - seen @ seen, 0.0))

    def variance(self, features: Array) -> Array:
        """Return the variance of the expected response at each row of features."""
        bend, slope, _, _ = self.hyper
        p = self.features.shape[1]
        prior = bend**2 + slope**2 * (1 + (features**2).sum(axis=1) / p)
        square, dot = _products(self.features, features)
        seen = solve_triangular(self.factor, _covariance(self.hyper, square, dot), lower=True)
        return np.asarray(self.spread**2 * np.maximum(prior - (seen**2).sum(axis=0), 0.0))

    def distance(self, features: Array) -> Array:
        """Return the distance of each row of features to the nearest training features.

        Root mean square over the features, in their standard deviations.
        """
        return _nearest(np.ascontiguousarray(features), self.features)

    def reach(self) -> float:
        """Return 1.5 times the greatest distance of a training row to its nearest fellow."""
        square, _ = _products(self.features, self.features)
        np.fill_diagonal(square, np.inf)
        return float(1.5 * np.sqrt(square.min(axis=1).max()))

    def leave_one_out(self) -> Array:
        """Return what each training response would have been predicted without it.

        Closed form at fixed hyperparameters (Rasmussen and Williams 2006, eq. 5.12), shape
        (n,): the response minus this is the honest residual.
        """
        inverse = cho_solve((self.factor, True), np.eye(len(self.factor)))
        residual = self.weights / np.diag(inverse)
        training = self._training_response()
        return np.asarray(training - self.spread * residual)

    def _training_response(self) -> Array:
        y = self.factor @ (self.factor.T @ self.weights)
        return np.asarray(self.mean + self.spread * y)

    def to_dict(self) -> dict[str, Any]:
        """Return the process as lists and numbers for JSON."""
        return {
            "features": self.features.tolist(),
            "mean": self.mean,
            "spread": self.spread,
            "hyper": dict(
                zip(("bend", "slope", "scale", "noise"), self.hyper.tolist(), strict=True)
            ),
            "weights": self.weights.tolist(),
            "factor": [row[: i + 1] for i, row in enumerate(self.factor.tolist())],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the process that `to_dict` wrote."""
        n = len(data["weights"])
        factor = np.zeros((n, n))
        for i, row in enumerate(data["factor"]):
            factor[i, : i + 1] = row
        hyper = np.array([data["hyper"][name] for name in ("bend", "slope", "scale", "noise")])
        return cls(
            np.array(data["features"], dtype=np.float64),
            data["mean"],
            data["spread"],
            hyper,
            np.array(data["weights"], dtype=np.float64),
            factor,
        )


def _products(a: Array, b: Array) -> tuple[Array, Array]:
    """Return squared distances and inner products of rows, both over p, shape (a, b)."""
    p = a.shape[1]
    dot = a @ b.T / p
    square = (a**2).sum(axis=1)[:, None] / p + (b**2).sum(axis=1)[None, :] / p - 2 * dot
    return np.maximum(square, 0.0), dot


def _covariance(hyper: Array, square: Array, dot: Array) -> Array:
    bend, slope, scale = hyper[:3]
    result: Array = bend**2 * np.exp(-square / (2 * scale**2)) + slope**2 * (1 + dot)
    return result


def _objective(
    log_hyper: Array, square: Array, dot: Array, shape: Array, y: Array
) -> tuple[float, Array]:
    """Return the negative log posterior of the hyperparameters and its gradient (eq. 5.9)."""
    bend, slope, scale, noise = np.exp(log_hyper)
    bent = bend**2 * np.exp(-square / (2 * scale**2))
    straight = slope**2 * (1 + dot)
    spread = noise**2 * shape
    factor = cho_factor(bent + straight + np.diag(spread + _JITTER), lower=True)
    inverse = cho_solve(factor, np.eye(len(y)))
    weights = inverse @ y
    away = (log_hyper - _PRIOR_MEAN) / _PRIOR_SD
    value = 0.5 * y @ weights + np.log(np.diag(factor[0])).sum() + 0.5 * (away**2).sum()
    rest = inverse - np.outer(weights, weights)
    by_log = (
        (rest * bent).sum(),
        (rest * straight).sum(),
        0.5 * (rest * bent * square).sum() / scale**2,
        np.diag(rest) @ spread,
    )
    return float(value), np.array(by_log) + away / _PRIOR_SD


@kernel
def _predict(
    x: NDArray[np.float64],
    training: NDArray[np.float64],
    weights: NDArray[np.float64],
    bend: float,
    slope: float,
    scale: float,
) -> NDArray[np.float64]:
    m, (n, p) = len(x), training.shape
    out = np.empty(m)
    for i in range(m):
        total = 0.0
        for j in range(n):
            square, dot = 0.0, 0.0
            for k in range(p):
                square += (x[i, k] - training[j, k]) ** 2
                dot += x[i, k] * training[j, k]
            near = bend * bend * np.exp(-square / p / (2 * scale * scale))
            total += weights[j] * (near + slope * slope * (1 + dot / p))
        out[i] = total
    return out


@kernel
def _nearest(x: NDArray[np.float64], training: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty(len(x))
    for i in range(len(x)):
        least = np.inf
        for j in range(len(training)):
            square = 0.0
            for k in range(x.shape[1]):
                square += (x[i, k] - training[j, k]) ** 2
            least = min(least, square)
        out[i] = np.sqrt(least / x.shape[1])
    return out
