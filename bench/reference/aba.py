"""Area-based laws on published field plots, every plot predicted by laws without it.

Published figures are of laws whose predictors were chosen once, with every plot; so are
these, and `nested` figures, where a plot has no say in the choice either, stand beside
them. Field plots of Montmorency (balsam fir, birch), Grisons (R package
forestinventory) and Moscow Mountain / St. Joe (R package yaImpute).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lidar.core import selection
from lidar.core.laws import Metrics
from lidar.core.residuals import ResidualModel, Residuals

Array = NDArray[np.float64]

Z90 = 1.645

# Columns of the tables, by the engine's name for the metric, with the factor on their unit.
_MONTMORENCY = {"h_p95": ("zq95", 1.0), "cover_all": ("pzabove2", 0.01), "h_skew": ("zskew", 1.0)}
_GRISONS = {
    "h_mean": ("mean", 1.0),
    "h_sd": ("stddev", 1.0),
    "h_max": ("max", 1.0),
    "h_p75": ("q75", 1.0),
}
_MOSCOW = {
    "h_mean": ("HTMEAN", 1.0),
    "h_sd": ("HTSTD", 1.0),
    "h_max": ("HTMAX", 1.0),
    "cover_all": ("CCMEAN", 0.01),
}
_FOREST_PARTS = 10


@dataclass(frozen=True, slots=True)
class Plots:
    """Field plots: metrics and response, arrays of shape (n,)."""

    metrics: Metrics
    response: Array


@dataclass(frozen=True, slots=True)
class Figures:
    """Held-out figures in % of the mean, and the share of plots in their 90 % interval."""

    rmse_pct: float
    bias_pct: float
    r2: float
    coverage_90: float

    def rounded(self) -> dict[str, float]:
        """Return the figures as they are shown."""
        return {
            "rmse_pct": round(self.rmse_pct, 1),
            "bias_pct": round(self.bias_pct, 2),
            "coverage_90": round(self.coverage_90, 1),
        }


def montmorency(shared_data: Path, response: str = "merch_vol_ha") -> Plots:
    """Return the 165 plots with trees over 2 m: merchantable volume, or basal area `ba_ha`."""
    rows = [r for r in _read(shared_data, "montmorency_plots_all") if float(r["zq95"]) > 2.0]
    if len(rows) != 165:
        raise SystemExit(f"montmorency: {len(rows)} plots over 2 m, not the 165 of other figures")
    return _plots(rows, _MONTMORENCY, response)


def grisons(shared_data: Path) -> Plots:
    """Return the 67 plots with timber volume measured on the ground."""
    rows = [r for r in _read(shared_data, "grisons_twophase") if r["tvol"]]
    return _plots(rows, _GRISONS, "tvol")


def moscow_stjoe(shared_data: Path) -> Plots:
    """Return the 165 plots with total basal area."""
    return _plots(_read(shared_data, "moscow_stjoe"), _MOSCOW, "Total_BA")


def judge(plots: Plots, family: str = "power", *, nested: bool = False) -> Figures:
    """Return the figures of a family of laws; plots left out one by one, for forests in tens."""
    n = len(plots.response)
    few = family in ("power", "log-linear")
    part = np.arange(n) if few else np.arange(n) % _FOREST_PARTS
    chooser = partial(selection.choose, family)
    if nested:
        predicted = selection.nested(chooser, plots.metrics, plots.response, part)
    else:
        law = chooser(plots.metrics, plots.response)
        predicted, _ = selection.held_out(law, plots.metrics, plots.response, part)
    error = predicted - plots.response
    mean = float(plots.response.mean())
    spread = float(((plots.response - mean) ** 2).sum())
    return Figures(
        100 * float(np.sqrt(np.mean(error**2))) / mean,
        100 * float(error.mean()) / mean,
        1 - float((error**2).sum()) / spread,
        100 * _coverage(predicted, error),
    )


def _coverage(predicted: Array, error: Array) -> float:
    """Return the share of plots in a 90 % interval whose width comes from the other plots."""
    inside = []
    for i in range(len(error)):
        other = np.arange(len(error)) != i
        none = np.zeros(int(other.sum()))
        scatter = ResidualModel.fit(
            Residuals(error[other], none),
            Residuals(none, none),
            predicted[other],
            np.ones(len(none)),
            np.zeros((len(none), 2)),
        )
        sd = np.sqrt(scatter.variance(predicted[i : i + 1], np.ones(1))[0])
        inside.append(abs(error[i]) <= Z90 * sd)
    return float(np.mean(inside))


def _read(shared_data: Path, table: str) -> list[dict[str, str]]:
    with (shared_data / f"lidar/aba/{table}.csv").open() as stream:
        return list(csv.DictReader(stream))


def _plots(rows: list[dict[str, str]], named: dict[str, tuple[str, float]], response: str) -> Plots:
    metrics = {
        name: factor * np.array([float(row[column]) for row in rows])
        for name, (column, factor) in named.items()
    }
    return Plots(metrics, np.array([float(row[response]) for row in rows]))
