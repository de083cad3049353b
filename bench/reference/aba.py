"""Area-based models on published plots: left out one by one, and over the whole sample."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lidar.core.regression import fit_power, with_constant

Array = NDArray[np.float64]


def montmorency(shared_data: Path) -> tuple[float, float]:
    """Return leave-one-out RMSE and bias, in % of the mean, of plot volume at Montmorency.

    165 plots with trees over 2 m; the power law on 95th height percentile and cover.
    """
    with (shared_data / "lidar/aba/montmorency_plots_all.csv").open() as stream:
        rows = [r for r in csv.DictReader(stream) if float(r["zq95"]) > 2.0]
    table = np.array([[float(r[n]) for n in ("zq95", "pzabove2", "merch_vol_ha")] for r in rows])
    if len(table) != 165:
        raise SystemExit(f"montmorency: {len(table)} plots over 2 m, not the 165 of other figures")
    return _leave_one_out_pct(with_constant(np.log(table[:, :2])), table[:, 2])


def _leave_one_out_pct(design: Array, truth: Array) -> tuple[float, float]:
    predicted = np.empty(len(truth))
    for i in range(len(truth)):
        use = np.arange(len(truth)) != i
        predicted[i] = np.exp(design[i] @ fit_power(design[use], truth[use], np.ones(use.sum())))
    error = predicted - truth
    rmse, bias = np.sqrt(np.mean(error**2)), error.mean()
    return float(100 * rmse / truth.mean()), float(100 * bias / truth.mean())
