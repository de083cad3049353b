"""Raster tiles: colours of the classes, several files, holes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.transform import from_bounds, from_origin
from rasterio.vrt import WarpedVRT

from tiles.errors import DeclarationError, TileAddressError
from tiles.raster.colours import paint
from tiles.raster.grid import MATRIX_SETS, WEB_MERCATOR
from tiles.raster.tile import FORMATS, empty, picture, tile_png
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
    assert elsewhere == empty("png")
    assert not pixels(elsewhere)[..., 3].any()


def test_no_such_tile(layers):
    with pytest.raises(TileAddressError):
        tile_png(layers["height"], [], 2, 4, 0)


def test_class_limits_are_half_open():
    style = RasterStyle(graduated((5, 25), ("#000001", "#000002", "#000003"), "m"))
    values = np.array([[[-1, 4.999, 5, 24.999, 25, np.nan]]])
    picture = paint(values, np.isnan(values[0]), style)
    assert picture[2].tolist() == [[1, 1, 2, 2, 3, 0]]
    assert picture[3].tolist() == [[255, 255, 255, 255, 255, 0]]


@pytest.mark.parametrize("zoom", [13, 15, 17])
def test_pixels_are_those_of_a_general_warp(layers, files, pixels, zoom):
    # GDAL's own warp, nearest neighbour, as the independent source; at zoom 13 it takes an overview too.
    path = files / "west.tif"
    x, y, _, _ = where(-89500, 25500, zoom)
    grid = WEB_MERCATOR.grid(zoom, x, y)
    transform = from_bounds(*grid.bounds, 256, 256)
    with rasterio.open(path) as data:
        options = {"crs": "EPSG:3857", "transform": transform, "width": 256, "height": 256}
        with WarpedVRT(data, **options) as warped:
            expected = warped.read(1, masked=True)
    drawn = pixels(tile_png(layers["height"], [path], zoom, x, y))
    visible = drawn[..., 3] == 255
    assert (visible == ~np.ma.getmaskarray(expected)).mean() > 0.99
    style = layers["height"].style
    painted = np.moveaxis(paint(expected.data[None], np.ma.getmaskarray(expected), style), 0, -1)
    both = visible & ~np.ma.getmaskarray(expected)
    assert (drawn[both] == painted[both]).all(axis=-1).mean() > 0.97


def test_a_tile_of_the_files_own_zone_has_its_very_pixels(layers, files, pixels):
    zone = MATRIX_SETS["JapanPlaneRectangular12"]
    assert zone.epsg == 6680
    z = 9  # 8 m a pixel
    side = zone.pixel_m(z) * 256
    column, row = int((-90000 + zone.half_m) / side), int((zone.half_m - 26000) / side)
    grid = zone.grid(z, column, row)
    drawn = pixels(picture(layers["height"], [files / "west.tif"], grid, "png"))
    left, _, _, top = grid.bounds
    for east, north, entry in ((-89505, 25905, 0), (-89505, 25205, 1)):
        at = int((top - north) / zone.pixel_m(z)), int((east - left) / zone.pixel_m(z))
        colour = "#{:02x}{:02x}{:02x}".format(*drawn[at][:3])
        assert colour == legend(layers["height"])[entry]["color"]
    # The west edge of the file, to the pixel.
    edge = int((-90000 - left) / zone.pixel_m(z))
    line = int((top - 25900) / zone.pixel_m(z))
    assert drawn[line, edge - 1, 3] == 0
    assert drawn[line, edge + 1, 3] == 255


def test_webp_has_the_same_colours(layers, files, pixels):
    x, y, _, _ = where(-88500, 25100, 15)
    grid = WEB_MERCATOR.grid(15, x, y)
    both = [pixels(picture(layers["height"], [files / "east.tif"], grid, end)) for end in FORMATS]
    seen = both[0][..., 3] == 255
    assert seen.any()
    assert (both[0][..., 3] == both[1][..., 3]).all()
    assert (both[0][seen] == both[1][seen]).all()


def test_a_picture_in_colour_is_drawn_as_it_is(layers, tmp_path, pixels):
    path = tmp_path / "rgb.tif"
    profile = {"driver": "GTiff", "height": 100, "width": 100, "count": 3, "dtype": "uint8"}
    transform = from_origin(-90000, 26000, 10, 10)
    with rasterio.open(
        path, "w", **profile, crs="EPSG:6680", transform=transform, nodata=0
    ) as data:
        for band, value in enumerate((200, 100, 50), 1):
            data.write(np.full((100, 100), value, dtype="uint8"), band)
    layer = dataclasses.replace(layers["shade"], style=RasterStyle(bands=3))
    x, y, row, column = where(-89500, 25500, 15)
    drawn = pixels(picture(layer, [path], WEB_MERCATOR.grid(15, x, y), "png"))
    assert tuple(drawn[row, column]) == (200, 100, 50, 255)


def test_pictures_have_one_band_or_three():
    with pytest.raises(DeclarationError, match="one band, or three"):
        RasterStyle(bands=2)
