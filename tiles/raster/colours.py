"""Pixel values to the colours of a style."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiles.style.colour import rgb
from tiles.style.model import Between, RasterStyle


def paint(
    values: NDArray[np.floating | np.integer], missing: NDArray[np.bool_], style: RasterStyle
) -> NDArray[np.uint8]:
    """Return the picture of a raster.

    Parameters
    ----------
    values : array, shape (band, row, column)
        As many bands as the style says.
    missing : bool array, shape (row, column); True is drawn transparent
    style : RasterStyle
        Classes give their colour where lower <= value < upper; without classes the values are the picture.

    Returns
    -------
    uint8 array, shape (4, row, column)
        Red, green, blue, alpha.
    """
    if style.is_picture:
        drawn = np.broadcast_to(np.clip(values, 0, 255), (3, *missing.shape)).astype(np.uint8)
        return np.concatenate([drawn, np.where(missing, 0, 255).astype(np.uint8)[None]])
    picture = np.zeros((4, *missing.shape), dtype=np.uint8)
    for entry in style.classes:
        if isinstance(entry.test, Between):
            inside = ~missing & _within(values[0], entry.test)
            picture[:, inside] = np.array([*rgb(entry.symbol.colour), 255], dtype=np.uint8)[:, None]
    return picture


def _within(values: NDArray[np.floating | np.integer], test: Between) -> NDArray[np.bool_]:
    lower = -np.inf if test.lower is None else test.lower
    upper = np.inf if test.upper is None else test.upper
    inside: NDArray[np.bool_] = (values >= lower) & (values < upper)
    return inside
