"""Share of hardwood in the volume of a cell, and the stratum that follows from it.

Intensity, penetration and the shape of the height profile of a cell or plot predict its
hardwood share by a Gaussian process; a logistic step, fitted on what the process says of
each plot when it has not seen it, takes back the pull towards the middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lidar.core.calibration import PlotSample
from lidar.core.gaussian_process import GaussianProcess
from lidar.core.regression import fit_share, logistic, with_constant

Array = NDArray[np.float64]

NO_TREES, BROADLEAF, CONIFER, MIXED = range(4)
PURE_SHARE = 0.75
"""From this share on a cell is of one kind (75 % rule of the national LiDAR standard)."""

FEATURES: tuple[str, ...] = (
    "int_first_mean",
    "int_first_sd",
    "int_last_mean",
    "int_single_mean",
    "last_penetration",
    "returns_per_pulse",
    "cover_first",
    "cover_all",
    "h_p25_of_p95",
    "h_p50_of_p95",
    "h_sd_of_p95",
    "h_p50",
    "h_p95",
    "h_p99",
    "h_max",
    "h_kurt",
    "h_skew",
    "cover_above_mean",
    "single_share",
)
_RATIOS = {f"{name}_of_p95": name for name in ("h_p25", "h_p50", "h_sd")}
_CLIP = 4.0
_CALIBRATION_RIDGE = 0.05
_LEAST_WEIGHT = 0.1
_STEEPNESS = 4.0


def stratum_codes(hardwood_share: Array, has_trees: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return 1 broadleaf, 2 conifer, 3 mixed, 0 no trees for shares 0 to 1."""
    codes = np.full(hardwood_share.shape, MIXED, np.uint8)
    codes[hardwood_share >= PURE_SHARE] = BROADLEAF
    codes[hardwood_share <= 1 - PURE_SHARE] = CONIFER
    codes[~has_trees] = NO_TREES
    return codes


@dataclass(frozen=True, slots=True)
class Scaling:
    """Which features, in which order, and how they are standardised.

    Attributes
    ----------
    names : tuple of str
    filling : float64 array, shape (p,)
        Value put where a metric has none (no first return over 2 m, no single return).
    mean, spread : float64 arrays, shape (p,)
    """

    names: tuple[str, ...]
    filling: Array
    mean: Array
    spread: Array

    @classmethod
    def of(cls, metrics: dict[str, Array]) -> Self:
        """Take the features that exist among these metrics and vary over the plots."""
        known = [n for n in FEATURES if _RATIOS.get(n, n) in metrics]
        columns = {name: _column(metrics, name) for name in known}
        varying = [
            n for n, v in columns.items() if np.isfinite(v).sum() >= 3 and np.nanstd(v) > 1e-9
        ]
        table = np.column_stack([columns[n] for n in varying])
        return cls(
            tuple(varying),
            np.nanmedian(table, axis=0),
            np.nanmean(table, axis=0),
            np.nanstd(table, axis=0),
        )

    def apply(self, metrics: dict[str, Array]) -> Array:
        """Return standardised features, shape (n, p), clipped to 4 spreads."""
        table = np.column_stack([_column(metrics, name) for name in self.names])
        filled = np.where(np.isfinite(table), table, self.filling)
        return np.clip((filled - self.mean) / self.spread, -_CLIP, _CLIP)

    def to_dict(self) -> dict[str, Any]:
        """Return names and numbers for JSON."""
        return {
            "names": list(self.names),
            "filling": self.filling.tolist(),
            "mean": self.mean.tolist(),
            "spread": self.spread.tolist(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the scaling that `to_dict` wrote."""
        numbers = (np.array(data[k], dtype=np.float64) for k in ("filling", "mean", "spread"))
        return cls(tuple(data["names"]), *numbers)


@dataclass(frozen=True, slots=True)
class ShareModel:
    """Hardwood share from metrics: scaling, process, logistic calibration.

    `calibration` holds the constant and the slope of the logistic step.
    """

    scaling: Scaling
    process: GaussianProcess
    calibration: Array

    def score(self, metrics: dict[str, Array]) -> tuple[Array, Array]:
        """Return standardised features (n, p) and the centred score of the process (n,)."""
        features = self.scaling.apply(metrics)
        return features, _centred(self.process.predict(features))

    def share(self, score: Array) -> Array:
        """Return hardwood shares from centred scores."""
        return logistic(self.calibration[0] + self.calibration[1] * score)

    def slope(self, share: Array) -> Array:
        """Return the derivative of the share by the raw output of the process."""
        return np.asarray(share * (1 - share) * self.calibration[1] * _STEEPNESS)

    def variance(self, features: Array, share: Array) -> Array:
        """Return the variance of expected shares that comes from the process."""
        return np.asarray(self.slope(share) ** 2 * self.process.variance(features))

    def to_dict(self) -> dict[str, Any]:
        """Return the model for JSON."""
        return {
            "scaling": self.scaling.to_dict(),
            "process": self.process.to_dict(),
            "calibration": self.calibration.tolist(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the model that `to_dict` wrote."""
        return cls(
            Scaling.from_dict(data["scaling"]),
            GaussianProcess.from_dict(data["process"]),
            np.array(data["calibration"], dtype=np.float64),
        )


@dataclass(frozen=True, slots=True)
class ShareTraining:
    """A fitted share model with what it needs to be judged plot by plot.

    Attributes
    ----------
    model : ShareModel
    held_out_score : float64 array, shape (n,)
        Centred score of each plot by a process that has not seen it.
    share, weight : float64 arrays, shape (n,)
        Field share (0.5 where there is no volume) and its weight, 0 where no volume.
    """

    model: ShareModel
    held_out_score: Array
    share: Array
    weight: Array


def train(plots: PlotSample) -> ShareTraining:
    """Fit the share model to plots.

    Plots of much volume weigh more: the share of a plot with two small trees says little,
    and hardly any hardwood volume hangs on it.
    """
    total = plots.total_m3ha
    stocked = total > 0
    share = np.where(stocked, plots.hardwood_m3ha / np.where(stocked, total, 1.0), 0.5)
    mean = float(total[stocked].mean())
    relative = np.maximum(total, _LEAST_WEIGHT * mean) / mean
    scaling = Scaling.of(plots.take(stocked).metrics)
    features = scaling.apply(plots.metrics)
    process = GaussianProcess.fit(features[stocked], share[stocked], 1 / relative[stocked])
    score = _centred(process.predict(features))
    score[stocked] = _centred(process.leave_one_out())
    weight = np.where(stocked, relative, 0.0)
    calibration = calibrate(score, share, weight)
    return ShareTraining(ShareModel(scaling, process, calibration), score, share, weight)


def calibrate(score: Array, share: Array, weight: Array) -> Array:
    """Return constant and slope of the logistic step from held-out scores."""
    return fit_share(with_constant(score[:, None]), share, weight, _CALIBRATION_RIDGE)


def _centred(raw: Array) -> Array:
    return _STEEPNESS * (raw - 0.5)


def _column(metrics: dict[str, Array], name: str) -> Array:
    if name in _RATIOS:
        top = np.asarray(metrics["h_p95"], dtype=np.float64)
        part = np.asarray(metrics[_RATIOS[name]], dtype=np.float64)
        return np.asarray(part / np.maximum(top, 1.0))
    values = np.asarray(metrics[name], dtype=np.float64)
    # Brightness is a product of reflectance, hit area and gain: its logarithm is a sum.
    return np.log(np.maximum(values, 1.0)) if name.startswith("int_") else values
