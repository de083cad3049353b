"""Hardwood of simulated compartments against the trees that stand there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lidar.core import totals, volume
from lidar.core.strata import PureStands
from lidar.simulate.survey import Survey

Array = NDArray[np.float64]

Z90 = 1.645


@dataclass(frozen=True, slots=True)
class ZoneErrors:
    """Hardwood of the compartments of a simulated scene against its truth.

    Attributes
    ----------
    error_m3, standard_error_m3, truth_m3, area_ha : float64 arrays, shape (zone,)
    """

    error_m3: Array
    standard_error_m3: Array
    truth_m3: Array
    area_ha: Array

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Whose 90 % interval holds the truth."""
        return np.asarray(np.abs(self.error_m3) <= Z90 * self.standard_error_m3 + 1e-9)

    @property
    def scene_pct(self) -> float:
        """Error of the whole scene in % of its hardwood."""
        return float(100 * self.error_m3.sum() / self.truth_m3.sum())

    @property
    def rmse_pct(self) -> float:
        """RMSE of m3/ha over compartments, each counting once, in % of the scene's m3/ha."""
        rmse = np.sqrt(np.mean((self.error_m3 / self.area_ha) ** 2))
        return float(100 * rmse / (self.truth_m3.sum() / self.area_ha.sum()))


def zone_errors(survey: Survey, *, use_register: bool = False) -> ZoneErrors:
    """Calibrate on the plots of a simulated survey and hold its compartments to the truth.

    With the register, its pure stands teach what kinds look like.
    """
    pure = PureStands.of(survey.cells, survey.zones, survey.register_share)
    model = volume.fit(survey.plots, pure=pure if use_register else None)
    zones = totals.zone_totals(model, survey.cells, survey.zones, survey.grid.cols)
    return ZoneErrors(
        np.array([zone.hardwood_m3 for zone in zones]) - survey.hardwood_m3,
        np.array([zone.hardwood_se_m3 for zone in zones]),
        survey.hardwood_m3,
        survey.area_ha,
    )


def strata_accuracy(surveys: list[Survey]) -> dict[str, float]:
    """Return the share of pure, stocked field plots whose stratum is met without them."""
    right = n = 0
    for survey in surveys:
        strata = volume.fit(survey.plots).quality["leave_one_out"]["strata"]
        matrix = np.array(strata["matrix"])[:2]
        right, n = right + int(np.trace(matrix)), n + int(matrix.sum())
    return {"accuracy": right / n, "plots": n}
