"""Laws: a response per hectare (volume, basal area) of a cell from a few of its metrics.

Every law fits, predicts, says how its prediction moves with its coefficients, where its
range ends, and how to write itself down. Which one to take is decided by held-out
errors, see `lidar.core.selection`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lidar.core.forest import Forest
from lidar.core.regression import fit_log_linear, fit_power, with_constant

Array = NDArray[np.float64]
Metrics = dict[str, Array]

FAMILIES = ("power", "log-linear", "random forest", "gradient boosting")
SHARE = "hardwood_share"
"""Name of the one predictor that is no metric of the cloud: the share a model predicts."""

_LEAST_COVER, _LEAST_HEIGHT_M = 0.01, 0.5
_AS_THEY_ARE = ("h_skew", "h_kurt")
_MARGIN = 0.1
_MOST_OVER_RANGE = 1.5


class Law(Protocol):
    """What the volume model asks of a law."""

    @property
    def family(self) -> str:
        """One of `FAMILIES`."""

    @property
    def predictors(self) -> tuple[str, ...]:
        """Names of metrics, and `SHARE` when the share takes part."""

    @property
    def coefficients(self) -> Array:
        """What a jackknife varies, shape (k,); the first is the logarithm of the level."""

    def refit(self, columns: Array, response: Array) -> Self:
        """Return the law fitted to rows of predictors and their response."""

    def predict(self, columns: Array) -> Array:
        """Return the response for rows of predictors, shape (n,)."""

    def slopes(self, columns: Array) -> Array:
        """Return the derivative of the response's logarithm by the coefficients, shape (n, k)."""

    def share_effect(self) -> float:
        """Return the derivative of the response's logarithm by the hardwood share."""

    def levelled(self, coefficients: Array) -> Self:
        """Return the law with other coefficients."""

    def outside(self, metrics: Metrics) -> NDArray[np.bool_]:
        """Tell which cells have a predictor outside the plots' range, a tenth allowed."""

    def to_dict(self) -> dict[str, Any]:
        """Return the law for JSON."""


def columns(predictors: tuple[str, ...], metrics: Metrics) -> Array:
    """Return predictors as laws take them, shape (n, k).

    Heights, covers and densities as logarithms, floored so that bare land stays finite;
    shares and the shape of the height distribution as they are.
    """
    return np.column_stack(
        [_column(name, np.asarray(metrics[name], np.float64)) for name in predictors]
    )


def _column(name: str, values: Array) -> Array:
    values = np.nan_to_num(values)
    if name.startswith(("cover_", "density_")):
        return np.log(np.maximum(values, _LEAST_COVER))
    if name.startswith("h_") and name not in _AS_THEY_ARE:
        return np.log(np.maximum(values, _LEAST_HEIGHT_M))
    return values


@dataclass(frozen=True, slots=True)
class Range:
    """Where a law was fitted.

    Attributes
    ----------
    low, high : float64 arrays, shape (k,)
        Of each predictor over the stocked plots; endless for the share, which any cell has.
    ceiling : float
        Predictions are cut here: beyond, the law is a guess.
    """

    low: Array
    high: Array
    ceiling: float

    @classmethod
    def of(cls, predictors: tuple[str, ...], metrics: Metrics, response: Array) -> Self:
        """Return the range of these plots."""
        stocked = response > 0
        limits = [
            (-np.inf, np.inf)
            if name == SHARE
            else (np.nanmin(metrics[name][stocked]), np.nanmax(metrics[name][stocked]))
            for name in predictors
        ]
        low, high = np.array(limits, np.float64).T
        return cls(low, high, _MOST_OVER_RANGE * float(response.max()))

    def outside(self, predictors: tuple[str, ...], metrics: Metrics) -> NDArray[np.bool_]:
        """Tell which rows have a predictor outside, a tenth of the range allowed."""
        outside = np.zeros(len(metrics[predictors[0]]), np.bool_)
        for low, high, name in zip(self.low, self.high, predictors, strict=True):
            if name == SHARE:
                continue
            margin = _MARGIN * (high - low)
            values = np.asarray(metrics[name], np.float64)
            outside |= (values < low - margin) | (values > high + margin)
        return outside

    def to_dict(self) -> dict[str, Any]:
        """Return the limits for JSON; null where there is none."""
        return {
            "validity_low": [v if np.isfinite(v) else None for v in self.low.tolist()],
            "validity_high": [v if np.isfinite(v) else None for v in self.high.tolist()],
            "ceiling": self.ceiling,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the range that `to_dict` wrote."""
        low = [-np.inf if v is None else v for v in data["validity_low"]]
        high = [np.inf if v is None else v for v in data["validity_high"]]
        return cls(np.array(low), np.array(high), data["ceiling"])


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """``y = exp(b0 + b1 ln x1 + ...)``, by non-linear least squares or as log-linear regression.

    Attributes
    ----------
    family : "power" or "log-linear"
        How coefficients are found: see `regression.fit_power`, `regression.fit_log_linear`.
    predictors : tuple of str
    coefficients : float64 array, shape (k + 1,)
        Constant, one for each predictor.
    range : Range
    """

    family: str
    predictors: tuple[str, ...]
    coefficients: Array
    range: Range

    def refit(self, columns: Array, response: Array) -> Self:
        """Return the law fitted to rows of predictors and their response."""
        fit = fit_power if self.family == "power" else fit_log_linear
        found = fit(with_constant(columns), response, np.ones(len(response)))
        return replace(self, coefficients=found)

    def predict(self, columns: Array) -> Array:
        """Return the response, cut at the ceiling.

        Summed column by column, not by a matrix product, whose rounding may depend on how
        many cells are asked for at once.
        """
        exponent = np.full(len(columns), self.coefficients[0])
        for k, b in enumerate(self.coefficients[1:]):
            exponent = exponent + b * columns[:, k]
        return np.asarray(np.minimum(np.exp(np.minimum(exponent, 20.0)), self.range.ceiling))

    def slopes(self, columns: Array) -> Array:
        """Return the derivative of the response's logarithm by the coefficients."""
        return with_constant(columns)

    def share_effect(self) -> float:
        """Return the derivative of the response's logarithm by the hardwood share."""
        if SHARE not in self.predictors:
            return 0.0
        return float(self.coefficients[1 + self.predictors.index(SHARE)])

    def levelled(self, coefficients: Array) -> Self:
        """Return the law with other coefficients."""
        return replace(self, coefficients=coefficients)

    def outside(self, metrics: Metrics) -> NDArray[np.bool_]:
        """Tell which cells have a predictor outside the plots' range, a tenth allowed."""
        return self.range.outside(self.predictors, metrics)

    def to_dict(self) -> dict[str, Any]:
        """Return the law for JSON."""
        return {
            "family": self.family,
            "form": "exp(b0 + sum(b_i x_i)), x logarithms of heights, covers and densities",
            "predictors": list(self.predictors),
            "coefficients": self.coefficients.tolist(),
            **self.range.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class ForestLaw:
    """A forest of trees times a level: ``y = exp(b0) forest(x)``.

    The share takes no part as a predictor: a forest would learn the plots by it.

    Attributes
    ----------
    family : "random forest" or "gradient boosting"
    predictors : tuple of str
    coefficients : float64 array, shape (1,)
        Logarithm of the level, so that fitted values add up to the measured ones
        (ratio correction, Snowdon 1991).
    range : Range
    forest : Forest or None
        None before the first fit.
    """

    family: str
    predictors: tuple[str, ...]
    coefficients: Array
    range: Range
    forest: Forest | None = None

    def refit(self, columns: Array, response: Array) -> Self:
        """Return the law fitted to rows of predictors and their response."""
        forest = Forest.fit(self.family, columns, response)
        fitted = np.maximum(forest.predict(columns), 0.0)
        level = np.log(response.sum() / max(float(fitted.sum()), 1e-12))
        return replace(self, forest=forest, coefficients=np.array([level]))

    def predict(self, columns: Array) -> Array:
        """Return the response, between nought and the ceiling."""
        assert self.forest is not None
        grown = np.exp(self.coefficients[0]) * self.forest.predict(columns)
        return np.asarray(grown.clip(0.0, self.range.ceiling), np.float64)

    def slopes(self, columns: Array) -> Array:
        """Return ones: the level is all that varies."""
        return np.ones((len(columns), 1))

    def share_effect(self) -> float:
        """Return 0."""
        return 0.0

    def levelled(self, coefficients: Array) -> Self:
        """Return the law with another level."""
        return replace(self, coefficients=coefficients)

    def outside(self, metrics: Metrics) -> NDArray[np.bool_]:
        """Tell which cells have a predictor outside the plots' range, a tenth allowed."""
        return self.range.outside(self.predictors, metrics)

    def to_dict(self) -> dict[str, Any]:
        """Return the law for JSON."""
        return {
            "family": self.family,
            "form": "exp(b0) forest(x)",
            "predictors": list(self.predictors),
            "coefficients": self.coefficients.tolist(),
            "forest": None if self.forest is None else self.forest.to_dict(),
            **self.range.to_dict(),
        }


def unfitted(
    family: str, predictors: tuple[str, ...], metrics: Metrics, response: Array
) -> PowerLaw | ForestLaw:
    """Return a law of a family with the range of these plots, still to be fitted."""
    limits = Range.of(predictors, metrics, response)
    if family in ("power", "log-linear"):
        return PowerLaw(family, predictors, np.zeros(len(predictors) + 1), limits)
    return ForestLaw(family, predictors, np.zeros(1), limits)


def law_from_dict(data: dict[str, Any]) -> PowerLaw | ForestLaw:
    """Return the law that `to_dict` wrote."""
    common = (
        data["family"],
        tuple(data["predictors"]),
        np.array(data["coefficients"], np.float64),
        Range.from_dict(data),
    )
    if data.get("forest") is None:
        return PowerLaw(*common)
    return ForestLaw(*common, Forest.from_dict(data["forest"]))
