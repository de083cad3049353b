"""Pixel values to the colours of a style."""

from __future__ import annotations

from functools import lru_cache

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
    limits, colours = _table(style)
    picture: NDArray[np.uint8] = np.moveaxis(colours[np.digitize(values[0], limits)], -1, 0).copy()
    picture[:, missing] = 0
    return picture


@lru_cache(maxsize=64)
def _table(style: RasterStyle) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the limits of the classes, ascending, and the colour below, between and above them."""
    ranges = [(entry.test, entry.symbol.colour) for entry in style.classes]
    tests = [test for test, _ in ranges if isinstance(test, Between)]
    bounds = {bound for test in tests for bound in (test.lower, test.upper) if bound is not None}
    limits = np.array(sorted(bounds), dtype=np.float64)
    # One value of each interval: its lower end, which belongs to it.
    lowest = limits[0] - 1 if len(limits) else 0.0
    colours = np.zeros((len(limits) + 1, 4), dtype=np.uint8)
    for number, value in enumerate((lowest, *limits)):
        for test, colour in ranges:
            if isinstance(test, Between) and _holds(test, value):
                colours[number] = (*rgb(colour), 255)
    return limits, colours


def _holds(test: Between, value: float) -> bool:
    lower = -np.inf if test.lower is None else test.lower
    upper = np.inf if test.upper is None else test.upper
    return bool(lower <= value < upper)
