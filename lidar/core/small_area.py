"""Design-based estimate for one area from a two-phase sample: many scanned plots, some measured.

The pseudo-synthetic extended regression estimator of Mandallaz (2013,
doi:10.1139/cjfr-2012-0381): a linear model over the whole inventory with an indicator of the
area, so that its residuals in the area average to nought and the estimate is unbiased by
design, whatever the model is worth. Field plots must have been drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lidar.errors import PlotSampleError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AreaEstimate:
    """Mean of one area.

    Attributes
    ----------
    mean : float
        In the unit of the response, such as m3/ha.
    g_variance : float
        Design-based variance with g-weights.
    first_phase, second_phase : int
        Scanned plots and measured plots in the area.
    """

    mean: float
    g_variance: float
    first_phase: int
    second_phase: int


def estimate_area(
    auxiliaries: Array,
    response: Array,
    in_area: NDArray[np.bool_],
    weight: Array | None = None,
) -> AreaEstimate:
    """Return the mean of a response over one area.

    Parameters
    ----------
    auxiliaries : float64 array, shape (n, k)
        Metrics of all scanned plots, no constant.
    response : float64 array, shape (n,)
        Field value; nan where the plot was only scanned.
    in_area : bool array, shape (n,)
    weight : float64 array, shape (n,), optional
        Share of each plot's window that is forest (boundary weight).

    Raises
    ------
    PlotSampleError
        If no measured plot lies in the area, or there are too few for the model.
    """
    weight = np.ones(len(response)) if weight is None else weight
    measured = np.isfinite(response)
    design = np.column_stack([np.ones(len(response)), auxiliaries, in_area.astype(np.float64)])
    inside = int((measured & in_area).sum())
    n, k = int(measured.sum()), design.shape[1]
    if inside == 0 or n <= k:
        raise PlotSampleError(
            f"small area: {inside} measured plots in the area and {n} in all, needs at least "
            f"1 and {k + 1}",
            inside=inside,
            measured=n,
        )
    coefficients, covariance = _regression(design[measured], response[measured])
    return _estimate(design[in_area], weight[in_area], coefficients, covariance, inside)


def _regression(design: Array, response: Array) -> tuple[Array, Array]:
    """Return coefficients and their design-based covariance (eq. 43 of the technical report)."""
    n = len(response)
    inverse = np.linalg.inv(design.T @ design / n)
    coefficients: Array = inverse @ (design.T @ response) / n
    scaled = design * (response - design @ coefficients)[:, None]
    covariance: Array = inverse @ (scaled.T @ scaled / n**2) @ inverse
    return coefficients, covariance


def _estimate(
    design: Array, weight: Array, coefficients: Array, covariance: Array, inside: int
) -> AreaEstimate:
    n = len(design)
    mean = np.average(design, axis=0, weights=weight)
    centred = design - mean
    spread = centred.T @ centred / (n * (n - 1))
    variance = mean @ covariance @ mean + coefficients @ spread @ coefficients
    return AreaEstimate(float(mean @ coefficients), float(variance), n, inside)
