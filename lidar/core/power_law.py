"""Total stem volume of a cell as a power law of a few metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CANDIDATES: tuple[tuple[str, ...], ...] = (
    ("h_mean_all_first",),
    ("h_mean", "cover_first"),
    ("h_mean", "cover_all"),
    ("h_p95", "cover_all"),
    ("h_mean", "cover_all", "h_sd"),
)
"""Sets of predictors that leave-one-out chooses from, simple ones first.

Mean canopy height alone transfers best between forests (小谷ほか 2015); height, cover and
spread of heights is the usual multi-metric form (Naesset 2002, White et al. 2013).
"""

_FLOOR = {"cover_first": 0.01, "cover_all": 0.01}
_HEIGHT_FLOOR_M = 0.5
_MARGIN = 0.1
_MOST_OVER_RANGE = 1.5


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """``t = exp(b0 + b1 ln x1 + ... + bs s)`` with s the hardwood share, m3/ha.

    Attributes
    ----------
    predictors : tuple of str
        Names of metrics.
    coefficients : float64 array, shape (k + 2,)
        Constant, one for each predictor, one for the share.
    low, high : float64 arrays, shape (k,)
        Range of the predictors over the plots.
    ceiling_m3ha : float
        Predictions are cut here: beyond, the law is a guess.
    """

    predictors: tuple[str, ...]
    coefficients: Array
    low: Array
    high: Array
    ceiling_m3ha: float

    @classmethod
    def unfitted(
        cls, predictors: tuple[str, ...], metrics: dict[str, Array], volume_m3ha: Array
    ) -> Self:
        """Return a law with coefficients of zero and the range of these plots."""
        stocked = volume_m3ha > 0
        values = np.column_stack([np.asarray(metrics[n], np.float64) for n in predictors])
        return cls(
            predictors,
            np.zeros(len(predictors) + 2),
            np.nanmin(values[stocked], axis=0),
            np.nanmax(values[stocked], axis=0),
            _MOST_OVER_RANGE * float(volume_m3ha.max()),
        )

    def columns(self, metrics: dict[str, Array]) -> list[Array]:
        """Return the logarithms of the predictors, floored so that bare land stays finite."""
        result = []
        for name in self.predictors:
            values = np.nan_to_num(np.asarray(metrics[name], np.float64))
            result.append(np.log(np.maximum(values, _FLOOR.get(name, _HEIGHT_FLOOR_M))))
        return result

    def design(self, columns: list[Array], share: Array) -> Array:
        """Return the design matrix: constant, predictors, share."""
        return np.column_stack([np.ones_like(share), *columns, share])

    def predict(self, columns: list[Array], share: Array) -> Array:
        """Return total volumes in m3/ha, cut at the ceiling.

        Summed column by column, not by a matrix product, whose rounding may depend on how
        many cells are asked for at once.
        """
        exponent = self.coefficients[0] + self.coefficients[-1] * share
        for b, column in zip(self.coefficients[1:-1], columns, strict=True):
            exponent = exponent + b * column
        volume = np.exp(np.minimum(exponent, 20.0))
        return np.asarray(np.minimum(volume, self.ceiling_m3ha), np.float64)

    def outside(self, metrics: dict[str, Array]) -> NDArray[np.bool_]:
        """Tell which cells have a predictor outside the plots' range, a tenth allowed."""
        margin = _MARGIN * (self.high - self.low)
        outside = np.zeros(len(metrics[self.predictors[0]]), np.bool_)
        for k, name in enumerate(self.predictors):
            values = np.asarray(metrics[name], np.float64)
            outside |= (values < self.low[k] - margin[k]) | (values > self.high[k] + margin[k])
        return outside

    def to_dict(self) -> dict[str, Any]:
        """Return the law for JSON."""
        return {
            "form": "m3/ha = exp(b0 + sum(b_i ln x_i) + b_s hardwood_share)",
            "predictors": list(self.predictors),
            "coefficients": self.coefficients.tolist(),
            "validity_low": self.low.tolist(),
            "validity_high": self.high.tolist(),
            "ceiling_m3ha": self.ceiling_m3ha,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the law that `to_dict` wrote."""
        return cls(
            tuple(data["predictors"]),
            np.array(data["coefficients"], dtype=np.float64),
            np.array(data["validity_low"], dtype=np.float64),
            np.array(data["validity_high"], dtype=np.float64),
            data["ceiling_m3ha"],
        )
