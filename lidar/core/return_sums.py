"""Whole-number sums over the returns of each cell or plot: the raw material of metrics.

Integers, so that the sums do not depend on the order in which returns come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel
from lidar.core.points import Points

BREAK_MM = 2000
BIN_MM = 100
N_BINS = 800

# Columns of the integer sums.
(
    N_ALL,
    N_FIRST,
    N_TREE,
    N_FIRST_TREE,
    N_SINGLE,
    N_SINGLE_TREE,
    N_LAST,
    N_LAST_LOW,
    RETURNS,
    H,
    HH,
    H_MAX,
    H_FIRST,
    I_FIRST,
    II_FIRST,
    I_SINGLE,
    I_LAST,
    N_SUMS,
) = range(18)


def accumulate(
    points: Points,
    height_mm: NDArray[np.int32],
    label: NDArray[np.int32],
    first: int,
    count: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Sum up the returns with a label from `first` on, `count` of them.

    Parameters
    ----------
    points : Points
    height_mm : int32 array, shape (n,)
        At most ``N_BINS * BIN_MM``.
    label : int32 array, shape (n,)
    first, count : int

    Returns
    -------
    sums : int64 array, shape (count, 17)
        Columns as named above; heights in millimetres, those prefixed H over 2 m but
        for H_FIRST, which is of all first returns with those below ground as 0.
    histogram : int32 array, shape (count, 800)
        Returns over 2 m in slices of 0.1 m, upper edge included.
    """
    sums = np.zeros((count, N_SUMS), np.int64)
    histogram = np.zeros((count, N_BINS), np.int32)
    _sum_up(
        height_mm,
        points.intensity,
        points.return_number,
        points.return_count,
        label,
        first,
        sums,
        histogram,
    )
    return sums, histogram


@kernel
def _sum_up(
    height: NDArray[np.int32],
    intensity: NDArray[np.uint16],
    number: NDArray[np.uint8],
    count: NDArray[np.uint8],
    label: NDArray[np.int32],
    first: int,
    sums: NDArray[np.int64],
    histogram: NDArray[np.int32],
) -> None:
    for i in range(height.size):
        k = label[i] - first
        if k < 0 or k >= sums.shape[0]:
            continue
        s = sums[k]
        h, light = np.int64(height[i]), np.int64(intensity[i])
        tree = h > BREAK_MM
        s[N_ALL] += 1
        if tree:
            s[N_TREE] += 1
            s[H] += h
            s[HH] += h * h
            s[H_MAX] = max(s[H_MAX], h)
            histogram[k, (h - 1) // BIN_MM] += 1
        if number[i] <= 1:
            s[N_FIRST] += 1
            s[RETURNS] += max(count[i], 1)
            s[H_FIRST] += max(h, 0)
            s[N_SINGLE] += count[i] <= 1
            if tree:
                s[N_FIRST_TREE] += 1
                s[I_FIRST] += light
                s[II_FIRST] += light * light
                if count[i] <= 1:
                    s[N_SINGLE_TREE] += 1
                    s[I_SINGLE] += light
        elif number[i] >= count[i]:
            s[N_LAST] += 1
            s[I_LAST] += light
            s[N_LAST_LOW] += not tree
