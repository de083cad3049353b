"""Share of hardwood in the volume of a cell, and the stratum that follows from it.

Intensity, penetration and the shape of the height profile of a cell or plot predict its
hardwood share by a Gaussian process; a logistic step, fitted on what the process says of
each plot when it has not seen it, takes back the pull towards the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
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
PURE_REGISTER_SHARE = 0.9
"""A stand of one kind in the register from this share on can teach what the kind looks like."""

CELLS_OF_PURE_STAND = 2
MOST_PURE_STANDS = 60
"""More would teach little, and every training row costs time in every cell."""

_PURE_NOISE = 2.0
_CLIP = 4.0
_CALIBRATION_RIDGE = 0.05
_LEAST_WEIGHT = 0.1
_WHOLE, _LEAST_COVER = 0.999, 0.1
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
class PureStands:
    """Cells inside stands that the register knows as of one kind.

    Registers err, so such a cell has twice the noise of a plot of mean volume and only
    bears on what kinds look like, never on volumes.

    Attributes
    ----------
    metrics : dict of str to float array, shape (n,)
    share : float64 array, shape (n,)
        Of hardwood in the register's stock.
    """

    metrics: dict[str, Array]
    share: Array

    @classmethod
    def of(
        cls,
        metrics: dict[str, NDArray[Any]],
        zone_cells: Sequence[tuple[NDArray[np.intp], Array]],
        register_share: Array,
    ) -> Self:
        """Take a few cells, whole and with trees, of each pure stand, evenly spread.

        Parameters
        ----------
        metrics : dict of str to array, shape (cell,)
        zone_cells : sequence of (index array, area array)
            Cells of each stand and the area of each inside it, square metres.
        register_share : float64 array, shape (zone,)
            Share of hardwood in the register's stock; nan where it has none.
        """
        cells, shares = [], []
        pure = np.flatnonzero(is_pure(register_share))
        pure = pure[_spread(len(pure), MOST_PURE_STANDS)]
        cover = np.nan_to_num(np.asarray(metrics["cover_first"], np.float64))
        for k in pure:
            own, area = zone_cells[int(k)]
            inner = own[(area >= _WHOLE * area.max(initial=0.0)) & (cover[own] > _LEAST_COVER)]
            taken = inner[_spread(len(inner), CELLS_OF_PURE_STAND)]
            cells.append(taken)
            shares.append(np.full(len(taken), float(register_share[k])))
        which = np.concatenate(cells) if cells else np.zeros(0, np.intp)
        return cls(
            {name: np.asarray(v, np.float64)[which] for name, v in metrics.items()},
            np.concatenate(shares) if shares else np.zeros(0),
        )

    def __len__(self) -> int:
        return len(self.share)


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


def train(plots: PlotSample, pure: PureStands | None = None) -> ShareTraining:
    """Fit the share model to plots, and to the register's pure stands where there are any.

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
    rows, response, noise = features[stocked], share[stocked], 1 / relative[stocked]
    if pure is not None and len(pure):
        rows = np.concatenate([rows, scaling.apply(pure.metrics)])
        response = np.concatenate([response, pure.share])
        noise = np.concatenate([noise, np.full(len(pure), _PURE_NOISE)])
    process = GaussianProcess.fit(rows, response, noise)
    score = _centred(process.predict(features))
    score[stocked] = _centred(process.leave_one_out()[: int(stocked.sum())])
    weight = np.where(stocked, relative, 0.0)
    calibration = calibrate(score, share, weight)
    return ShareTraining(ShareModel(scaling, process, calibration), score, share, weight)


def is_pure(register_share: Array) -> NDArray[np.bool_]:
    """Tell which stands are of one kind; those without a share are not."""
    return (register_share >= PURE_REGISTER_SHARE) | (register_share <= 1 - PURE_REGISTER_SHARE)


def _spread(n: int, most: int) -> NDArray[np.intp]:
    """Return numbers below n, evenly spread, all if they are not too many."""
    if n <= most:
        return np.arange(n)
    return ((np.arange(most) + 0.5) * n / most).astype(np.intp)


def confusion(share: Array, predicted: Array, volume: Array) -> dict[str, Any]:
    """Return the confusion of strata by the 75 % rule over plots with volume.

    Rows are what plots are, columns what they were taken for; JSON-able.
    """
    has_trees = volume > 0
    truth, said = (stratum_codes(values, has_trees)[has_trees] for values in (share, predicted))
    kinds = (BROADLEAF, CONIFER, MIXED)
    matrix = [[int(((truth == t) & (said == k)).sum()) for k in kinds] for t in kinds]
    pure = np.isin(truth, (BROADLEAF, CONIFER))
    return {
        "classes": ["broadleaf", "conifer", "mixed"],
        "matrix": matrix,
        "accuracy": float((truth == said).mean()) if truth.size else None,
        "accuracy_pure": float((truth == said)[pure].mean()) if pure.any() else None,
    }


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
