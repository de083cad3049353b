"""Field plots that calibrate a volume model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lidar.errors import PlotSampleError

Array = NDArray[np.float64]

LEAST_PLOTS = 12
"""Fewer plots than this cannot carry the coefficients and an honest error."""


@dataclass(frozen=True, slots=True)
class PlotSample:
    """Plots with the metrics of the point cloud over them.

    Parameters
    ----------
    metrics : dict of str to float array, shape (n,)
        As `lidar.core.metrics.by_label` gives them for the plots' circles.
    hardwood_m3ha, conifer_m3ha : float64 arrays, shape (n,)
        Stem volume from the field, cubic metres a hectare.
    x_m, y_m : float64 arrays, shape (n,)
        Centres in the run's plane system.
    area_m2 : float64 array, shape (n,)

    Raises
    ------
    PlotSampleError
        If arrays differ in length, or a volume is negative or not a number.
    """

    metrics: dict[str, Array]
    hardwood_m3ha: Array
    conifer_m3ha: Array
    x_m: Array
    y_m: Array
    area_m2: Array

    def __post_init__(self) -> None:
        n = len(self.hardwood_m3ha)
        columns = {
            **self.metrics,
            "conifer_m3ha": self.conifer_m3ha,
            "x_m": self.x_m,
            "y_m": self.y_m,
            "area_m2": self.area_m2,
        }
        for name, values in columns.items():
            if len(values) != n:
                raise PlotSampleError(
                    f"plots: {name} has {len(values)} values for {n} plots", name=name
                )
        for name in ("hardwood_m3ha", "conifer_m3ha"):
            values = np.asarray(getattr(self, name), dtype=np.float64)
            if not (np.isfinite(values) & (values >= 0)).all():
                row = int(np.flatnonzero(~(np.isfinite(values) & (values >= 0)))[0])
                raise PlotSampleError(
                    f"plots: {name} of plot {row + 1} is {values[row]}, needs 0 or more",
                    name=name,
                    row=row,
                )

    def __len__(self) -> int:
        return len(self.hardwood_m3ha)

    @property
    def total_m3ha(self) -> Array:
        """Hardwood and conifer volume together."""
        return np.asarray(self.hardwood_m3ha + self.conifer_m3ha, dtype=np.float64)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> PlotSample:
        """Return some of the plots."""
        return PlotSample(
            {name: np.asarray(values)[which] for name, values in self.metrics.items()},
            self.hardwood_m3ha[which],
            self.conifer_m3ha[which],
            self.x_m[which],
            self.y_m[which],
            self.area_m2[which],
        )

    def usable(self) -> PlotSample:
        """Return the plots that the scan covers.

        Raises
        ------
        PlotSampleError
            If fewer than `LEAST_PLOTS` remain, or no tree stands on any of them.
        """
        seen = np.asarray(self.metrics["n_first"]) > 0
        kept = self.take(seen)
        if len(kept) < LEAST_PLOTS:
            raise PlotSampleError(
                f"plots: {len(kept)} of {len(self)} lie on scanned ground, at least "
                f"{LEAST_PLOTS} are needed; add plots, or run without plots (uncalibrated)",
                usable=len(kept),
                given=len(self),
            )
        if not kept.total_m3ha.any():
            raise PlotSampleError("plots: no volume on any plot", usable=len(kept))
        return kept
