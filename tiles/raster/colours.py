"""Pixel values to the colours of a style."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiles.style.colour import rgb
from tiles.style.model import Between, RasterStyle


def paint(
    values: NDArray[np.floating | np.integer], missing: NDArray[np.bool_], style: RasterStyle
) -> NDArray[np.uint8]:
    """Return the picture of a band.

    Parameters
    ----------
    values : array, shape (row, column)
    missing : bool array of the same shape; True is drawn transparent
    style : RasterStyle
        Classes give their colour where lower <= value < upper; without classes the value is the grey.

    Returns
    -------
    uint8 array, shape (4, row, column)
        Red, green, blue, alpha.
    """
    if style.grey:
        grey = np.clip(values, 0, 255).astype(np.uint8)
        return np.stack([grey, grey, grey, np.where(missing, 0, 255).astype(np.uint8)])
    picture = np.zeros((4, *values.shape), dtype=np.uint8)
    for entry in style.classes:
        if isinstance(entry.test, Between):
            inside = ~missing & _within(values, entry.test)
            picture[:, inside] = np.array([*rgb(entry.symbol.colour), 255], dtype=np.uint8)[:, None]
    return picture


def _within(values: NDArray[np.floating | np.integer], test: Between) -> NDArray[np.bool_]:
    lower = -np.inf if test.lower is None else test.lower
    upper = np.inf if test.upper is None else test.upper
    inside: NDArray[np.bool_] = (values >= lower) & (values < upper)
    return inside
