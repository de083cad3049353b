"""One raster tile of a layer from any number of COGs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.utils import render

from tiles.layer import Layer
from tiles.raster.colours import paint
from tiles.vector.mvt import check_address

TILE_PX = 256
CONTENT_TYPE = "image/png"


def tile_png(layer: Layer, files: Sequence[Path], z: int, x: int, y: int) -> bytes:
    """Return the tile as PNG; transparent where no file has data.

    Parameters
    ----------
    layer : Layer
        A raster layer; its style gives the colours.
    files : COGs of one band, the topmost first

    Raises
    ------
    TileAddressError
        If there is no such tile.
    """
    check_address(z, x, y)
    _, style = layer.raster
    picture = np.zeros((4, TILE_PX, TILE_PX), dtype=np.uint8)
    for path in files:
        band = _read(path, z, x, y, "bilinear" if style.grey else "nearest")
        if band is None:
            continue
        layer_picture = paint(band.data, np.ma.getmaskarray(band), style)
        # Pixels of no data take what lies below, those outside every class stay as transparent as they are.
        empty = picture[3] == 0
        picture[:, empty] = layer_picture[:, empty]
        if picture[3].all():
            break
    return _png(picture) if picture[3].any() else empty_png()


def _read(path: Path, z: int, x: int, y: int, resampling: str) -> np.ma.MaskedArray | None:
    try:
        with Reader(str(path)) as reader:
            image = reader.tile(
                x,
                y,
                z,
                tilesize=TILE_PX,
                indexes=1,
                resampling_method=resampling,
                reproject_method=resampling,
            )
    except TileOutsideBounds:
        return None
    band: np.ma.MaskedArray = image.array[0]
    return band


def _png(picture: NDArray[np.uint8]) -> bytes:
    return bytes(render(picture[:3], mask=picture[3], img_format="PNG", zlevel=6))


@lru_cache(maxsize=1)
def empty_png() -> bytes:
    """Return a wholly transparent tile."""
    return _png(np.zeros((4, TILE_PX, TILE_PX), dtype=np.uint8))
