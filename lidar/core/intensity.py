"""Brightness of returns made comparable between flight lines.

Gain, range and the day's air differ from line to line of one scanner. Where lines cross the
same forest, the mean of first returns from trees is nearly the same light, so dividing by it
takes most of the difference out. It does not make two scanners comparable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lidar.core.points import Points

LEVEL = 1000
"""Normalised intensity of a line's mean first return from a tree."""

_TREE_M = 2.0
_LINES = np.iinfo(np.uint16).max + 1

Sums = NDArray[np.int64]


def brightness(points: Points, height_m: NDArray[np.float32]) -> Sums:
    """Return number and sum of intensities of first returns over 2 m, by flight line.

    Whole numbers: the sums of parts of a batch add up to those of the whole.

    Returns
    -------
    int64 array, shape (2, 65536)
        Indexed by line.
    """
    wanted = points.is_usable() & (points.return_number <= 1) & (height_m > _TREE_M)
    line, light = points.line_id[wanted], points.intensity[wanted].astype(np.float64)
    count = np.bincount(line, minlength=_LINES)
    # Sums of whole numbers below 2**53 are exact in double precision.
    total = np.bincount(line, weights=light, minlength=_LINES)
    return np.stack([count, total.astype(np.int64)])


def merged(parts: Iterable[Sums]) -> Sums:
    """Return the brightness of a batch from that of its parts."""
    result: Sums = np.sum(list(parts), axis=0)
    return result


def normalised(points: Points, of_lines: Sums) -> Points:
    """Return the points with intensity in thousandths of their line's brightness.

    Lines without any first return from a tree take the mean over all lines.
    """
    count, total = of_lines
    mean = np.divide(total, count, out=np.zeros(count.size), where=count > 0)
    overall = float(total.sum()) / max(int(count.sum()), 1)
    mean = np.where(mean > 0, mean, max(overall, 1.0))
    relative = points.intensity * (LEVEL / mean)[points.line_id]
    highest = np.iinfo(np.uint16).max
    return replace(points, intensity=np.rint(relative.clip(0, highest)).astype(np.uint16))
