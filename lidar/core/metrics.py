"""Area metrics of heights and intensities, the predictors of volume models.

Definitions follow FUSION GridMetrics (McGaughey 2009-) and lidR `stdmetrics`
(Roussel et al. 2020), with a height break of 2 m, except that bare land has
heights of 0 rather than no value. One function serves 20 m cells and field
plots, and all sums are of whole numbers, so equal points give equal numbers.

=================== ====================================================================
name                meaning
=================== ====================================================================
n_all, n_first      number of returns, of first returns
h_mean, h_sd        mean and standard deviation (n - 1) of heights over 2 m, m
h_skew, h_kurt      skewness and kurtosis (normal = 3) of heights over 2 m
h_p05 ... h_p99     percentiles of heights over 2 m, m
h_max               greatest height, m, when over 2 m
h_mean_all_first    mean height of all first returns, those below ground counted as 0, m
cover_first         share of first returns over 2 m
cover_all           share of all returns over 2 m
cover_above_mean    share of all returns over h_mean
density_2_5 ...     share of all returns in a slice of heights, m; the last is open
single_share        share of first returns that are the only return of their pulse
returns_per_pulse   mean number of returns announced by the first returns
last_penetration    last of many returns up to 2 m, per first return over 2 m, at most 1
int_first_mean, _sd intensity of first returns over 2 m
int_single_mean     intensity of only returns over 2 m
int_last_mean       intensity of last of many returns, all heights
=================== ====================================================================

Heights are 0 and shares 0 where there are returns but none over 2 m. All but the
counts are nan where there is no return, and ratios and intensities where none of
their kind exists.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lidar.core import return_sums as at
from lidar.core.grid import MM_PER_M
from lidar.core.kernel import kernel
from lidar.core.points import Points
from lidar.core.return_sums import BIN_MM, N_BINS
from lidar.errors import PointsMismatchError

PERCENTILES = (5, 10, 25, 50, 75, 90, 95, 99)
SLICES_M = (2, 5, 10, 15, 20)
LOWEST_M = -10.0
HIGHEST_M = N_BINS * BIN_MM / MM_PER_M
_LABELS_AT_ONCE = 4096

_SLICE_NAMES = tuple(
    f"density_{low}_{high}" for low, high in zip(SLICES_M, (*SLICES_M[1:], "up"), strict=True)
)
METRICS: tuple[str, ...] = (
    "n_all",
    "n_first",
    "h_mean",
    "h_mean_all_first",
    "h_sd",
    "h_skew",
    "h_kurt",
    *(f"h_p{p:02d}" for p in PERCENTILES),
    "h_max",
    "cover_first",
    "cover_all",
    "cover_above_mean",
    *_SLICE_NAMES,
    "single_share",
    "returns_per_pulse",
    "last_penetration",
    "int_first_mean",
    "int_first_sd",
    "int_single_mean",
    "int_last_mean",
)

Values = NDArray[np.float64]
Metrics = dict[str, NDArray[np.float32]]


def sane_heights(
    height_m: NDArray[np.float32], lowest_m: float = LOWEST_M, highest_m: float = HIGHEST_M
) -> NDArray[np.float32]:
    """Return heights with those no tree or ground can have as nan.

    Birds, clouds, powerlines' sparks and mirrored returns: below -10 m or above 80 m.
    """
    sane = (height_m >= lowest_m) & (height_m <= highest_m)
    return np.where(sane, height_m, np.float32(np.nan)).astype(np.float32)


def by_label(
    points: Points, height_m: NDArray[np.float32], label: NDArray[np.int32], n_labels: int
) -> Metrics:
    """Return the metrics of each label: cells of a mesh, plots, crowns.

    Noise (7, 18), withheld overlap (12), heights that are nan and those outside
    -10 to 80 m are left out.

    Parameters
    ----------
    points : Points
        n returns.
    height_m : float32 array, shape (n,)
        Height above ground in metres.
    label : int32 array, shape (n,)
        Which cell or plot a return belongs to, -1 for none.
    n_labels : int
        One more than the greatest label.

    Returns
    -------
    dict of str to float32 array, shape (n_labels,)
        One entry for each of `METRICS`, see the module's table. Does not depend
        on the order of the points.

    Raises
    ------
    PointsMismatchError
        If the arrays differ in length or a label is too great.
    """
    if not len(points) == len(height_m) == len(label):
        raise PointsMismatchError(
            f"metrics: {len(points)} points, {len(height_m)} heights, {len(label)} labels",
            name="height_m",
        )
    if len(label) and label.max() >= n_labels:
        raise PointsMismatchError(
            f"metrics: label {label.max()} but only {n_labels} labels", name="label"
        )
    height_mm, kept = _in_mm(height_m, points.is_usable(), label)
    parts = [
        _derive(*at.accumulate(points, height_mm, kept, first, count))
        for first, count in _batches(n_labels)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in METRICS}


@kernel
def _in_mm(
    height_m: NDArray[np.float32], usable: NDArray[np.bool_], label: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Round heights to whole millimetres; label -1 for the returns to leave out."""
    height_mm, kept = np.zeros(height_m.size, np.int32), np.empty(height_m.size, np.int32)
    for i in range(height_m.size):
        wanted = usable[i] and LOWEST_M <= height_m[i] <= HIGHEST_M
        kept[i] = label[i] if wanted else -1
        if wanted:
            height_mm[i] = np.rint(height_m[i] * np.float32(MM_PER_M))
    return height_mm, kept


def _batches(n_labels: int) -> Iterator[tuple[int, int]]:
    """Cut labels into batches whose histograms fit in memory; at least one, maybe empty."""
    for first in range(0, max(n_labels, 1), _LABELS_AT_ONCE):
        yield first, min(_LABELS_AT_ONCE, n_labels - first)


def _derive(sums: NDArray[np.int64], histogram: NDArray[np.int32]) -> Metrics:
    out = _counts_and_shares(sums) | _heights(sums, histogram) | _intensities(sums)
    empty = sums[:, at.N_ALL] == 0
    for name in METRICS:
        if not name.startswith("n_"):
            out[name] = np.where(empty, np.nan, out[name])
    return {name: out[name].astype(np.float32) for name in METRICS}


def _ratio(top: NDArray[np.generic], bottom: NDArray[np.generic], none: float = np.nan) -> Values:
    """Divide; `none` where the divisor is 0."""
    out = np.full(np.shape(top), none, np.float64)
    np.divide(top, bottom, out=out, where=np.asarray(bottom) != 0)
    return out


def _counts_and_shares(s: NDArray[np.int64]) -> dict[str, Values]:
    low = _ratio(s[:, at.N_LAST_LOW], s[:, at.N_FIRST_TREE])
    return {
        "n_all": s[:, at.N_ALL].astype(np.float64),
        "n_first": s[:, at.N_FIRST].astype(np.float64),
        "h_mean_all_first": _ratio(s[:, at.H_FIRST], s[:, at.N_FIRST]) / MM_PER_M,
        "cover_first": _ratio(s[:, at.N_FIRST_TREE], s[:, at.N_FIRST]),
        "cover_all": _ratio(s[:, at.N_TREE], s[:, at.N_ALL]),
        "single_share": _ratio(s[:, at.N_SINGLE], s[:, at.N_FIRST]),
        "returns_per_pulse": _ratio(s[:, at.RETURNS], s[:, at.N_FIRST]),
        "last_penetration": np.minimum(low, 1.0),
    }


def _intensities(s: NDArray[np.int64]) -> dict[str, Values]:
    return {
        "int_first_mean": _ratio(s[:, at.I_FIRST], s[:, at.N_FIRST_TREE]),
        "int_first_sd": _sd(s[:, at.N_FIRST_TREE], s[:, at.I_FIRST], s[:, at.II_FIRST]),
        "int_single_mean": _ratio(s[:, at.I_SINGLE], s[:, at.N_SINGLE_TREE]),
        "int_last_mean": _ratio(s[:, at.I_LAST], s[:, at.N_LAST]),
    }


def _sd(n: NDArray[np.int64], total: NDArray[np.int64], squares: NDArray[np.int64]) -> Values:
    """Sample standard deviation; 0 for fewer than two values."""
    mean = _ratio(total, n, 0.0)
    variance = _ratio(squares - total * mean, np.maximum(n - 1, 1))
    sd: Values = np.sqrt(np.maximum(variance, 0.0))
    return sd


def _heights(s: NDArray[np.int64], histogram: NDArray[np.int32]) -> dict[str, Values]:
    n_tree, n_all = s[:, at.N_TREE], s[:, at.N_ALL]
    mean_mm = _ratio(s[:, at.H], n_tree, 0.0)
    below = np.cumsum(histogram, axis=1, dtype=np.int64)
    h_max = s[:, at.H_MAX] / MM_PER_M
    skew, kurt = _shape(histogram)
    out = {
        "h_mean": mean_mm / MM_PER_M,
        "h_sd": _sd(n_tree, s[:, at.H], s[:, at.HH]) / MM_PER_M,
        "h_skew": skew,
        "h_kurt": kurt,
        "h_max": h_max,
        "cover_above_mean": _ratio(n_tree - _count_up_to(below, mean_mm), n_all) * (n_tree > 0),
    }
    for p in PERCENTILES:
        out[f"h_p{p:02d}"] = np.minimum(_percentile(below, p / 100.0), h_max)
    return out | _densities(below, n_tree, n_all)


def _densities(
    below: NDArray[np.int64], n_tree: NDArray[np.int64], n_all: NDArray[np.int64]
) -> dict[str, Values]:
    edges = [below[:, low * MM_PER_M // BIN_MM - 1] for low in SLICES_M]
    slices = zip(edges, [*edges[1:], n_tree], strict=True)
    return {
        name: _ratio(high - low, n_all)
        for name, (low, high) in zip(_SLICE_NAMES, slices, strict=True)
    }


def _percentile(below: NDArray[np.int64], share: float) -> Values:
    """Height in metres below which a share of the returns lies, linear within a bin."""
    wanted = share * below[:, -1]
    bins = (below < wanted[:, None]).sum(axis=1)
    rows = np.arange(below.shape[0])
    before = np.where(bins > 0, below[rows, np.maximum(bins - 1, 0)], 0)
    part = _ratio(wanted - before, below[rows, bins] - before, 0.0)
    height_m: Values = (bins + part) * (BIN_MM / MM_PER_M)
    return np.where(below[:, -1] > 0, height_m, 0.0)


def _count_up_to(below: NDArray[np.int64], height_mm: Values) -> Values:
    """Count the returns up to a height, linear within a bin."""
    place = np.clip(height_mm / BIN_MM, 0.0, N_BINS - 1e-9)
    bins = place.astype(np.int64)
    rows = np.arange(below.shape[0])
    before = np.where(bins > 0, below[rows, np.maximum(bins - 1, 0)], 0)
    counted: Values = before + (place - bins) * (below[rows, bins] - before)
    return counted


def _shape(histogram: NDArray[np.int32]) -> tuple[Values, Values]:
    """Skewness and kurtosis from the bins; 0 where all heights are in one."""
    m2, m3, m4 = _central_moments(histogram).T
    return _ratio(m3, m2**1.5, 0.0), _ratio(m4, m2**2, 0.0)


@kernel
def _central_moments(histogram: NDArray[np.int32]) -> Values:
    """Second to fourth central moment of each row, in bins; 0 where nothing was counted."""
    out = np.zeros((histogram.shape[0], 3))
    for k in range(histogram.shape[0]):
        n, total = 0, 0.0
        for b in range(N_BINS):
            n += histogram[k, b]
            total += histogram[k, b] * (b + 0.5)
        if n == 0:
            continue
        mean = total / n
        for b in range(N_BINS):
            d = b + 0.5 - mean
            out[k, 0] += histogram[k, b] * (d * d)
            out[k, 1] += histogram[k, b] * (d * d * d)
            out[k, 2] += histogram[k, b] * (d * d * d * d)
        out[k] /= n
    return out
