"""Raster tiles: colours of the classes, several files, holes."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Transformer

from tiles.errors import TileAddressError
from tiles.raster.colours import paint
from tiles.raster.tile import empty_png, tile_png
from tiles.style.legend import legend
from tiles.style.model import RasterStyle, graduated

ORIGIN = 20037508.342789244


def where(east: float, north: float, z: int) -> tuple[int, int, int, int]:
    """Tile column and row, pixel row and column of a place in EPSG:6680."""
    x, y = Transformer.from_crs(6680, 3857, always_xy=True).transform(east, north)
    size = 2 * ORIGIN / 2**z
    column, row = (x + ORIGIN) / size, (ORIGIN - y) / size
    return int(column), int(row), int(row % 1 * 256), int(column % 1 * 256)


@pytest.mark.parametrize(
    ("east", "north", "expected"),
    [
        (-89500, 25900, 0),  # west.tif, 1 m high
        (-89500, 25200, 1),  # west.tif, 8 m
        (-88500, 25800, 1),  # east.tif, 22 m
        (-88500, 25100, 2),  # east.tif, 29 m
        (-88900, 25900, None),  # the hole
    ],
)
def test_a_place_has_its_colour(layers, files, pixels, east, north, expected):
    x, y, row, column = where(east, north, 15)
    picture = pixels(tile_png(layers["height"], [files / "west.tif", files / "east.tif"], 15, x, y))
    colour, alpha = picture[row, column, :3], picture[row, column, 3]
    if expected is None:
        assert alpha == 0
    else:
        assert "#{:02x}{:02x}{:02x}".format(*colour) == legend(layers["height"])[expected]["color"]
        assert alpha == 255


def test_the_first_file_is_on_top(layers, files, pixels):
    x, y, row, column = where(-89500, 25500, 15)
    on_top = tile_png(layers["shade"], [files / "shade.tif"], 15, x, y)
    assert tuple(pixels(on_top)[row, column]) == (77, 77, 77, 255)


def test_nothing_there_is_transparent(layers, files, pixels):
    elsewhere = tile_png(layers["height"], [files / "west.tif"], 15, 0, 0)
    assert elsewhere == empty_png()
    assert not pixels(elsewhere)[..., 3].any()


def test_no_such_tile(layers):
    with pytest.raises(TileAddressError):
        tile_png(layers["height"], [], 2, 4, 0)


def test_class_limits_are_half_open():
    style = RasterStyle(graduated((5, 25), ("#000001", "#000002", "#000003"), "m"))
    values = np.array([[-1, 4.999, 5, 24.999, 25, np.nan]])
    picture = paint(values, np.isnan(values), style)
    assert picture[2].tolist() == [[1, 1, 2, 2, 3, 0]]
    assert picture[3].tolist() == [[255, 255, 255, 255, 255, 0]]
