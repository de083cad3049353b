"""Calibrate a volume model on field plots, or give the default without plots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student_t
from threadpoolctl import threadpool_limits

from lidar.core import laws, selection, strata
from lidar.core.calibration import LEAST_PLOTS, PlotSample
from lidar.core.gaussian_process import GaussianProcess
from lidar.core.laws import FAMILIES, SHARE, ForestLaw, PowerLaw, Range
from lidar.core.regression import logistic
from lidar.core.residuals import NO_SCATTER, ResidualModel, Residuals
from lidar.core.strata import PureStands, ShareTraining
from lidar.core.volume_model import GROUPS, CellErrors, CellVolumes, VolumeModel, bend_factor
from lidar.errors import PlotSampleError

Array = NDArray[np.float64]

__all__ = ["CellErrors", "CellVolumes", "VolumeModel", "fit", "uncalibrated"]

BEST = "best"
"""Instead of a family: compare them all on plots left out in blocks."""

_DEFAULT_CONSTANT, _DEFAULT_EXPONENT = 4.255, 0.706
_LEVEL_SD, _UNIFORM_SD = 0.4, 0.29
_BLOCKS = 8
_LEAST_RELATIVE = 0.1
_LEAST_PLOTS_IN_BLOCKS = 2 * LEAST_PLOTS

_METHOD = (
    "Total by a law of canopy metrics chosen by held-out plots, bent by a Gaussian process; "
    "hardwood share by Gaussian process on intensity and return structure with logistic "
    "calibration; jackknife covariance"
)
_SOURCES = (
    "Naesset 2002, doi:10.1016/S0034-4257(01)00290-5 (area-based approach)",
    "White et al. 2013, Best practices guide for area-based ALS inventory",
    "Rasmussen and Williams 2006, Gaussian Processes for Machine Learning",
    "Breidenbach, McRoberts and Astrup 2016, doi:10.1016/j.rse.2015.07.026 (spatial correlation)",
)


@dataclass(frozen=True, slots=True)
class _Jackknife:
    """A law fitted to all plots and to all but some.

    Attributes
    ----------
    law : PowerLaw or ForestLaw
    parameters : float64 array, shape (parts, k)
        Share calibration and law coefficients without each part.
    share, total : float64 arrays, shape (n,)
        Prediction for each plot without its part.
    """

    law: PowerLaw | ForestLaw
    parameters: Array
    share: Array
    total: Array

    @property
    def covariance(self) -> Array:
        """Jackknife covariance of the parameters."""
        n = len(self.parameters)
        away = self.parameters - self.parameters.mean(axis=0)
        result: Array = (n - 1) / n * away.T @ away
        return result


def fit(plots: PlotSample, family: str = "power", pure: PureStands | None = None) -> VolumeModel:
    """Calibrate a volume model on field plots.

    Parameters
    ----------
    plots : PlotSample
        At least `LEAST_PLOTS` plots on scanned ground, drawn without regard to what was
        expected there; bare plots belong to the sample.
    family : str
        Of the law of the total volume, one of `laws.FAMILIES`, or `BEST` for the one with
        the least error of the total on plots left out in spatial blocks (24 plots or more).

    pure : PureStands, optional
        Cells of stands that the register knows as of one kind: they teach the share.

    Returns
    -------
    VolumeModel
        With held-out figures under ``quality``: leave-one-out, and by spatial blocks when
        there are enough plots, with the confusion of strata; for `BEST`, those of every
        family.

    Raises
    ------
    PlotSampleError
        If too few plots are usable, none has volume, or there is no such family.
    """
    if family not in (*FAMILIES, BEST):
        raise PlotSampleError(
            f"plots: no model family {family!r}; one of {', '.join((*FAMILIES, BEST))}",
            family=family,
        )
    plots = plots.usable()
    # One thread: matrices are small, and sums then come in one order on every machine load.
    with threadpool_limits(1):
        return _best(plots, pure) if family == BEST else _fit_and_judge(plots, family, pure)


def _best(plots: PlotSample, pure: PureStands | None) -> VolumeModel:
    """Return the model of the family whose total errs least in blocks; ties go to the first."""
    if len(plots) < _LEAST_PLOTS_IN_BLOCKS:
        return _fit_and_judge(plots, FAMILIES[0], pure)
    models = [_fit_and_judge(plots, family, pure) for family in FAMILIES]
    errors = [m.quality["spatial_blocks"]["total"]["rmse_m3ha"] for m in models]
    chosen = models[int(np.argmin(errors))]
    compared = {m.law.family: m.quality["spatial_blocks"] for m in models}
    return replace(chosen, quality=chosen.quality | {"families": compared})


def _fit_and_judge(plots: PlotSample, family: str, pure: PureStands | None) -> VolumeModel:
    model, held_out = _fit(plots, family, pure)
    quality: dict[str, Any] = {
        "n_plots": len(plots),
        "n_pure_stand_cells": 0 if pure is None else len(pure),
        "family": family,
        "leave_one_out": _figures(plots, held_out.share, held_out.total),
    }
    if len(plots) >= _LEAST_PLOTS_IN_BLOCKS:
        quality["spatial_blocks"] = _figures(plots, *_by_blocks(plots, family, pure))
    return replace(model, quality=quality)


def uncalibrated() -> VolumeModel:
    """Return the model used when there are no plots: a wide guess, marked as such.

    Total volume follows the mean canopy height of first returns. Constant and exponent
    were fitted for this project to the 67 terrestrial plots of the `grisons` sample (R
    package forestinventory, GPL); forests differ, and Kotivuori et al. (2016) saw biases of
    -14 to +19 % between regions of one country, so 40 % is taken as the standard deviation of
    the level in a forest on another continent. Hardwood and conifer cannot be told apart without training: the share is 0.5
    with the standard deviation of a uniform guess, 0.29.
    """
    law = PowerLaw(
        "power",
        ("h_mean_all_first",),
        np.array([_DEFAULT_CONSTANT, _DEFAULT_EXPONENT]),
        Range(np.array([2.0]), np.array([30.0]), 1500.0),
    )
    # The logistic step at share 0.5 has slope 1/4.
    covariance = np.diag([(_UNIFORM_SD / 0.25) ** 2, 0.0, _LEVEL_SD**2, 0.0])
    scatter = ResidualModel(
        constant=0.0, square=_LEVEL_SD**2, mixing=0.0, shared=1.0, mixing_shared=1.0
    )
    return VolumeModel(
        calibrated=False,
        law=law,
        bend=None,
        share=None,
        fixed_share=0.5,
        covariance=covariance,
        residuals=scatter,
        reach=0.0,
        method="Default power law of mean canopy height; hardwood share unknown (0.5 +- 0.29)",
        sources=(
            "grisons sample of R package forestinventory (GPL-2 or later), own fit",
            "Kotivuori et al. 2016, doi:10.14214/sf.1567 (spread between regions)",
        ),
    )


def _fit(plots: PlotSample, family: str, pure: PureStands | None) -> tuple[VolumeModel, _Jackknife]:
    training = strata.train(plots, pure)
    share = training.model.share(training.held_out_score)
    law = selection.choose(family, {**plots.metrics, SHARE: share}, plots.total_m3ha)
    chosen = _jackknife(plots, training, law)
    bend, best = _bend(plots, training, chosen)
    process = training.model.process
    model = VolumeModel(
        calibrated=True,
        law=best.law,
        bend=bend,
        share=training.model,
        fixed_share=0.5,
        covariance=best.covariance,
        residuals=NO_SCATTER,
        reach=process.reach(),
        method=_METHOD,
        sources=_SOURCES,
    )
    scatter = _residuals(plots, training, best, model)
    widening = _widening(len(plots), len(best.covariance))
    return replace(
        model, covariance=widening * best.covariance, residuals=scatter.scaled(widening)
    ), best


def _widening(n_plots: int, n_coefficients: int) -> float:
    """Return the factor on variances that makes normal intervals as wide as Student's.

    Variances known from a few dozen plots call for the quantile of Student's t; scaled by the
    square of its ratio to the normal one, 1.645 standard errors are the 90 % half-width.
    """
    degrees = max(n_plots - n_coefficients, 3)
    return float((student_t.ppf(0.95, degrees) / norm.ppf(0.95)) ** 2)


def _bend(
    plots: PlotSample, training: ShareTraining, held_out: _Jackknife
) -> tuple[GaussianProcess, _Jackknife]:
    """Fit the relative correction of the law to its held-out residuals.

    Returns the process, and the held-out predictions with the held-out correction on.
    """
    truth, base = plots.total_m3ha, held_out.total
    floor = np.maximum(base, _LEAST_RELATIVE * float(truth.mean()))
    stocked = base > 0
    features = training.model.scaling.apply(plots.metrics)
    ratio = (truth / floor - 1)[stocked]
    noise = (float(truth.mean()) / floor)[stocked]
    bend = GaussianProcess.fit(features[stocked], ratio, noise)
    factor = np.ones(len(plots))
    factor[stocked] = bend_factor(bend.leave_one_out())
    # Ratio correction (Snowdon 1991): held-out volumes add up to the measured ones.
    total = base * factor
    ratio_of_sums = float(truth.sum() / total.sum())
    coefficients = held_out.law.coefficients.copy()
    coefficients[0] += np.log(ratio_of_sums)
    law = held_out.law.levelled(coefficients)
    return bend, replace(held_out, law=law, total=total * ratio_of_sums)


def _jackknife(plots: PlotSample, training: ShareTraining, law: PowerLaw | ForestLaw) -> _Jackknife:
    """Refit without each plot, or without each block where a refit takes long."""
    n = len(plots)
    part = _blocks(plots) if isinstance(law, ForestLaw) else np.arange(n)
    parameters, share, total = [], np.zeros(n), np.zeros(n)
    for k in np.unique(part):
        out = part == k
        calibration, fitted = _refitted(law, plots, training, ~out)
        share[out] = logistic(calibration[0] + calibration[1] * training.held_out_score[out])
        total[out] = fitted.predict(_columns(law, plots, share)[out])
        parameters.append(np.concatenate([calibration, fitted.coefficients]))
    _, fitted = _refitted(law, plots, training, np.ones(n, np.bool_))
    stocked = np.asarray(plots.metrics["cover_first"]) > 0
    return _Jackknife(fitted, np.array(parameters), share, np.where(stocked, total, 0.0))


def _refitted(
    law: PowerLaw | ForestLaw, plots: PlotSample, training: ShareTraining, use: NDArray[np.bool_]
) -> tuple[Array, PowerLaw | ForestLaw]:
    """Return share calibration and law from some of the plots.

    The law sees held-out shares, as good as those it will meet in the cells.
    """
    score = training.held_out_score
    calibration = strata.calibrate(score[use], training.share[use], training.weight[use])
    share = logistic(calibration[0] + calibration[1] * score)
    return calibration, law.refit(_columns(law, plots, share)[use], plots.total_m3ha[use])


def _columns(law: PowerLaw | ForestLaw, plots: PlotSample, share: Array) -> Array:
    return laws.columns(law.predictors, {**plots.metrics, SHARE: share})


def _residuals(
    plots: PlotSample, training: ShareTraining, held_out: _Jackknife, model: VolumeModel
) -> ResidualModel:
    """Fit the scatter of single plots: held-out residuals less what prediction explains."""
    e = model.expected(plots.metrics)
    share_model, features = training.model, training.model.scaling.apply(plots.metrics)
    has_share = training.weight > 0
    return ResidualModel.fit(
        Residuals(plots.total_m3ha - held_out.total, model.prediction_variance(e, "total")),
        Residuals(
            np.where(has_share, training.share - held_out.share, 0.0),
            np.where(has_share, share_model.variance(features, held_out.share), 0.0),
        ),
        held_out.total,
        held_out.share,
        np.column_stack([plots.x_m, plots.y_m]),
    )


def _by_blocks(plots: PlotSample, family: str, pure: PureStands | None) -> tuple[Array, Array]:
    """Return share and total predicted for each plot from plots of other parts of the area."""
    share, total = np.zeros(len(plots)), np.zeros(len(plots))
    block = _blocks(plots)
    for k in range(_BLOCKS):
        left_out = block == k
        model, _ = _fit(plots.take(~left_out), family, pure)
        e = model.expected(plots.take(left_out).metrics)
        share[left_out], total[left_out] = e.share, e.total
    return share, total


def _blocks(plots: PlotSample) -> NDArray[np.intp]:
    """Cut the plots into blocks by halving across the longer side, three times."""
    block = np.zeros(len(plots), np.intp)
    xy = np.column_stack([plots.x_m, plots.y_m])
    for _ in range(3):
        for k in np.unique(block):
            own = np.flatnonzero(block == k)
            axis = int(np.argmax(np.ptp(xy[own], axis=0)))
            order = own[np.argsort(xy[own, axis], kind="stable")]
            block[own] = 2 * k
            block[order[len(own) // 2 :]] = 2 * k + 1
    return block


def _split(share: Array, total: Array) -> dict[str, Array]:
    return {"hardwood": share * total, "conifer": (1 - share) * total, "total": total}


def _truth(plots: PlotSample) -> dict[str, Array]:
    return {
        "hardwood": np.asarray(plots.hardwood_m3ha),
        "conifer": np.asarray(plots.conifer_m3ha),
        "total": plots.total_m3ha,
    }


def _figures(plots: PlotSample, share: Array, total: Array) -> dict[str, Any]:
    """Return rmse, bias and r2 of held-out predictions for each group, and the strata."""
    truth, predicted = _truth(plots), _split(share, total)
    shares = truth["hardwood"] / np.where(truth["total"] > 0, truth["total"], 1.0)
    return {
        **{group: _group_figures(truth[group], predicted[group]) for group in GROUPS},
        "strata": strata.confusion(shares, share, truth["total"]),
    }


def _group_figures(truth: Array, predicted: Array) -> dict[str, float | None]:
    error = predicted - truth
    mean = float(truth.mean())
    spread = float(((truth - mean) ** 2).sum())
    rmse, bias = float(np.sqrt(np.mean(error**2))), float(error.mean())
    return {
        "rmse_m3ha": rmse,
        "rmse_pct": 100 * rmse / mean if mean > 0 else None,
        "bias_m3ha": bias,
        "bias_pct": 100 * bias / mean if mean > 0 else None,
        "r2": 1 - float((error**2).sum()) / spread if spread > 0 else None,
    }
