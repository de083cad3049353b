"""One picture of a raster layer from any number of COGs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rio_tiler.utils import render

from tiles.layer import Layer
from tiles.raster.colours import paint
from tiles.raster.grid import TILE_PX, WEB_MERCATOR, Grid
from tiles.raster.sample import opened, sample

FORMATS = {"png": "image/png", "webp": "image/webp"}
"""Media types by the ending of an address."""
# Lossless: a colour that the legend does not have would mean nothing.
_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"img_format": "PNG", "zlevel": 3},
    "webp": {"img_format": "WEBP", "lossless": True, "quality": 20},
}


def tile_png(layer: Layer, files: Sequence[Path], z: int, x: int, y: int) -> bytes:
    """Return the web Mercator tile as PNG; see `picture`.

    Raises
    ------
    TileAddressError
        If there is no such tile.
    """
    return picture(layer, files, WEB_MERCATOR.grid(z, x, y), "png")


def picture(layer: Layer, files: Sequence[Path], grid: Grid, ending: str) -> bytes:
    """Return the picture of a raster layer at a place; transparent where no file has data.

    Parameters
    ----------
    layer : Layer
        A raster layer; its style gives the colours.
    files : COGs, the topmost first
    ending : str
        Key of `FORMATS`.
    """
    drawn = _drawn(layer, files, grid)
    return empty(ending, grid.size_px) if drawn is None else _encoded(drawn, ending)


def _drawn(layer: Layer, files: Sequence[Path], grid: Grid) -> NDArray[np.uint8] | None:
    _, style = layer.raster
    result: NDArray[np.uint8] | None = None
    for path in files:
        found = sample(opened(path), grid, style.bands)
        if found is None:
            continue
        painted = paint(*found, style)
        if result is None:
            result = painted
        else:
            # Pixels of no data take what lies below, those outside every class stay as transparent as they are.
            below = result[3] == 0
            result[:, below] = painted[:, below]
        if result[3].all():
            break
    return result if result is not None and result[3].any() else None


def _encoded(drawn: NDArray[np.uint8], ending: str) -> bytes:
    return bytes(render(drawn[:3], mask=drawn[3], **_OPTIONS[ending]))


@lru_cache(maxsize=4)
def empty(ending: str, size_px: int = TILE_PX) -> bytes:
    """Return a wholly transparent tile."""
    return _encoded(np.zeros((4, size_px, size_px), dtype=np.uint8), ending)
