"""Hardwood and conifer volume of cells from point-cloud metrics, with standard errors.

Total volume follows a law of height and cover metrics, see `lidar.core.laws`; hardwood volume is total volume times that share. Three sources of error are kept
apart: coefficients (jackknife over plots), the share's process, and what single cells
deviate. Fit with `lidar.core.volume.fit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lidar.core import laws
from lidar.core.gaussian_process import GaussianProcess
from lidar.core.laws import SHARE, Law
from lidar.core.residuals import ResidualModel
from lidar.core.strata import ShareModel, stratum_codes

Array = NDArray[np.float64]
F32 = NDArray[np.float32]

GROUPS = ("hardwood", "conifer", "total")
_SIGN = {"hardwood": 1.0, "conifer": -1.0, "total": 0.0}
_LEAST_COVER = 0.005
_LEAST_HEIGHT_M = 2.0
_CELLS_AT_ONCE = 20_000
_BEND_LIMITS = (0.4, 2.5)


def bend_factor(relative: Array) -> Array:
    """Return the factor on the law's total for a relative correction, within limits."""
    return np.clip(1 + relative, *_BEND_LIMITS)


@dataclass(frozen=True, slots=True)
class CellVolumes:
    """Predicted volumes of cells, all of one shape; nan where there is no return.

    Attributes
    ----------
    hardwood_m3ha, conifer_m3ha : float32
    hardwood_share : float32
        0 to 1; nan where there are no trees.
    extrapolated : bool
        The cell is unlike any plot: do not lean on it.
    stratum : uint8
        1 broadleaf, 2 conifer, 3 mixed, 0 no trees.
    """

    hardwood_m3ha: F32
    conifer_m3ha: F32
    hardwood_share: F32
    extrapolated: NDArray[np.bool_]
    stratum: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CellErrors:
    """Standard errors of single cells, m3/ha, float32; nan where volumes are nan."""

    hardwood_se_m3ha: F32
    conifer_se_m3ha: F32


@dataclass(frozen=True, slots=True)
class Expected:
    """Unrounded predictions with what their errors need; arrays of shape (n,).

    Attributes
    ----------
    features : float64 array, shape (n, p), or None without a share process
    columns : float64 array, shape (n, k)
        Predictors of the total as the law takes them.
    score, share, total : float64 arrays
        Centred score, hardwood share, total m3/ha (0 where no trees).
    seen, stocked : bool arrays
        Any return; any trees.
    """

    features: Array | None
    columns: Array
    score: Array
    share: Array
    total: Array
    seen: NDArray[np.bool_]
    stocked: NDArray[np.bool_]

    def take(self, which: NDArray[np.intp]) -> Expected:
        """Return some of the cells."""
        return Expected(
            None if self.features is None else self.features[which],
            self.columns[which],
            self.score[which],
            self.share[which],
            self.total[which],
            self.seen[which],
            self.stocked[which],
        )

    def of(self, group: str) -> Array:
        """Return the volume of a group in m3/ha."""
        return self.total * self.share_of(group)

    def share_of(self, group: str) -> Array:
        """Return the share of a group in the total."""
        if group == "hardwood":
            return self.share
        return 1 - self.share if group == "conifer" else np.ones_like(self.share)


@dataclass(frozen=True, slots=True)
class VolumeModel:
    """A volume model, calibrated by plots or not.

    Attributes
    ----------
    calibrated : bool
    law : Law
    bend : GaussianProcess or None
        Relative correction of the law by the share model's features: what kind of stand
        it is bears on the volume at a given height.
    share : ShareModel or None
        None: the share is `fixed_share` everywhere.
    fixed_share : float
    covariance : float64 array
        Of (constant and slope of the share's logistic step, coefficients of the law).
    residuals : ResidualModel
    reach : float
        Greatest distance to the nearest plot in feature space that is no extrapolation.
    quality : dict
        Figures of the fit, JSON-able: n, r2, rmse, rmse_pct, bias of each group.
    method : str
    sources : tuple of str
    """

    calibrated: bool
    law: Law
    bend: GaussianProcess | None
    share: ShareModel | None
    fixed_share: float
    covariance: Array
    residuals: ResidualModel
    reach: float
    method: str
    sources: tuple[str, ...]
    quality: dict[str, Any] = field(default_factory=dict)

    def predict(self, metrics: dict[str, Any]) -> CellVolumes:
        """Return the volumes of cells.

        Parameters
        ----------
        metrics : dict of str to float array, shape (n,)
            As `lidar.core.metrics.by_label` gives them.
        """
        e = self.expected(metrics)
        unseen = ~e.seen

        def raster(values: Array, hide: NDArray[np.bool_]) -> F32:
            return np.where(hide, np.nan, values).astype(np.float32)

        stratum = stratum_codes(e.share, e.stocked)
        return CellVolumes(
            raster(e.of("hardwood"), unseen),
            raster(e.of("conifer"), unseen),
            raster(e.share, ~e.stocked),
            self._extrapolated(metrics, e),
            stratum,
        )

    def errors(self, metrics: dict[str, Any]) -> CellErrors:
        """Return the standard error of each single cell's volumes."""
        e = self.expected(metrics)
        with threadpool_limits(1):
            parts = [
                self._cell_errors(e.take(np.arange(i, min(i + _CELLS_AT_ONCE, e.total.size))))
                for i in range(0, max(e.total.size, 1), _CELLS_AT_ONCE)
            ]
        hardwood, conifer = (np.concatenate(column) for column in zip(*parts, strict=True))
        return CellErrors(hardwood.astype(np.float32), conifer.astype(np.float32))

    def expected(self, metrics: dict[str, Any]) -> Expected:
        """Return unrounded predictions and what error propagation needs."""
        n_first = np.asarray(metrics["n_first"], np.float64)
        seen = np.nan_to_num(n_first) > 0
        stocked = seen & (np.nan_to_num(np.asarray(metrics["cover_first"])) > _LEAST_COVER)
        stocked &= np.nan_to_num(np.asarray(metrics["h_p95"])) > _LEAST_HEIGHT_M
        if self.share is None:
            features, score = None, np.zeros(seen.size)
            share = np.full(seen.size, self.fixed_share)
        else:
            features, score = self.share.score(metrics)
            share = self.share.share(score)
        columns = laws.columns(self.law.predictors, {**metrics, SHARE: share})
        total = self.law.predict(columns)
        if self.bend is not None and features is not None:
            total = total * bend_factor(self.bend.predict(features))
        total = np.where(stocked, total, 0.0)
        return Expected(features, columns, score, share, total, seen, stocked)

    def gradient(self, e: Expected, group: str) -> Array:
        """Return the derivative of a group's volume by the coefficients, shape (n, k)."""
        volume = e.of(group)
        by_share = self._by_share(e, group, _SIGN[group])
        logit = e.share * (1 - e.share)
        share_part = [by_share * logit, by_share * logit * e.score]
        return np.column_stack([*share_part, volume[:, None] * self.law.slopes(e.columns)])

    def process_slopes(self, e: Expected, group: str) -> list[tuple[GaussianProcess, Array]]:
        """Return each process with the derivative of a group's volume by its output."""
        slopes = []
        if self.share is not None:
            by_share = self._by_share(e, group, _SIGN[group])
            slopes.append((self.share.process, by_share * self.share.slope(e.share)))
        if self.bend is not None:
            slopes.append((self.bend, e.of(group)))
        return slopes

    def prediction_variance(self, e: Expected, group: str) -> Array:
        """Return the variance of the expected volume of each cell, its own scatter left out."""
        gradient = self.gradient(e, group)
        variance: Array = np.einsum("ij,jk,ik->i", gradient, self.covariance, gradient)
        if e.features is not None:
            for process, slope in self.process_slopes(e, group):
                variance = variance + slope**2 * process.variance(e.features)
        return variance

    def _by_share(self, e: Expected, group: str, sign: float) -> Array:
        """Return the derivative by the share: directly, and through its effect on the total."""
        return e.total * (sign + e.share_of(group) * self.law.share_effect())

    def _cell_errors(self, e: Expected) -> tuple[Array, Array]:
        result = []
        for group in ("hardwood", "conifer"):
            variance = self.prediction_variance(e, group)
            variance = variance + self.residuals.variance(e.total, e.share_of(group))
            result.append(np.where(e.seen, np.sqrt(np.maximum(variance, 0.0)), np.nan))
        return result[0], result[1]

    def _extrapolated(self, metrics: dict[str, Any], e: Expected) -> NDArray[np.bool_]:
        outside = self.law.outside(metrics)
        if self.share is not None and e.features is not None:
            outside |= self.share.process.distance(e.features) > self.reach
        return outside & e.stocked

    def to_dict(self) -> dict[str, Any]:
        """Return the whole model for JSON."""
        return {
            "kind": "law of the total x hardwood share",
            "calibrated": self.calibrated,
            "method": self.method,
            "law": self.law.to_dict(),
            "bend": None if self.bend is None else self.bend.to_dict(),
            "share": None if self.share is None else self.share.to_dict(),
            "fixed_share": self.fixed_share,
            "covariance": self.covariance.tolist(),
            "residuals": self.residuals.to_dict(),
            "reach": self.reach,
            "quality": self.quality,
            "sources": list(self.sources),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the model that `to_dict` wrote."""
        return cls(
            calibrated=data["calibrated"],
            law=laws.law_from_dict(data["law"]),
            bend=None if data["bend"] is None else GaussianProcess.from_dict(data["bend"]),
            share=None if data["share"] is None else ShareModel.from_dict(data["share"]),
            fixed_share=data["fixed_share"],
            covariance=np.array(data["covariance"], dtype=np.float64),
            residuals=ResidualModel.from_dict(data["residuals"]),
            reach=data["reach"],
            method=data["method"],
            sources=tuple(data["sources"]),
            quality=data["quality"],
        )
