"""WMTS by parameters and by paths, values at a place, products as files: for real clients, under the reader's rights."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import rasterio
from owslib.wmts import WebMapTileService
from pyproj import Transformer

from forestgis.maps.catalogue import BY_NAME
from tiles.raster.grid import MATRIX_SETS, WEB_MERCATOR
from tiles.style.legend import legend

LAYER = "raster_hardwood"


def pixels(content: bytes) -> np.ndarray:
    with rasterio.MemoryFile(content) as memory, memory.open() as data:
        return np.moveaxis(data.read(), 0, -1)


def place(middle, name: str, z: int) -> tuple[int, int, int, int]:
    """Column, row, and pixel row, column of the middle of square 0, 0; apart from the code under test."""
    matrices = MATRIX_SETS[name]
    x, y = Transformer.from_crs(4326, matrices.epsg, always_xy=True).transform(*middle(0, 0))
    side = 2 * matrices.half_m / 2**z
    column, row = (x + matrices.half_m) / side, (matrices.half_m - y) / side
    return int(column), int(row), int(row % 1 * 256), int(column % 1 * 256)


@pytest.fixture
def tile(get):
    def ask(reader: str = "here", **replaced: str):
        asked = {
            "SERVICE": "WMTS",
            "REQUEST": "GetTile",
            "VERSION": "1.0.0",
            "LAYER": LAYER,
            "STYLE": "default",
            "FORMAT": "image/png",
            "TILEMATRIXSET": "WebMercatorQuad",
            "TILEMATRIX": "14",
            "TILEROW": "0",
            "TILECOL": "0",
        }
        return get("/wmts", reader, **(asked | replaced))

    return ask


@pytest.mark.parametrize(("name", "z"), [("WebMercatorQuad", 16), ("JapanPlaneRectangular12", 11)])
@pytest.mark.parametrize("ending", ["png", "webp"])
def test_tiles_have_the_legends_colour_in_every_matrix_set(get, tile, middle, name, z, ending):
    column, row, at_row, at_column = place(middle, name, z)
    by_path = get(f"/wmts/{LAYER}/default/{name}/{z}/{row}/{column}.{ending}")
    by_parameters = tile(
        TILEMATRIXSET=name,
        TILEMATRIX=str(z),
        TILEROW=str(row),
        TILECOL=str(column),
        FORMAT=f"image/{ending}",
    )
    assert by_path.content == by_parameters.content
    drawn = pixels(by_path.content)[at_row, at_column]
    # The run `own` has 123.4 m3/ha everywhere.
    assert "#{:02x}{:02x}{:02x}".format(*drawn[:3]) == legend(BY_NAME[LAYER])[3]["color"]
    assert drawn[3] == 255


def test_another_municipalitys_raster_is_transparent(get, middle):
    column, row, *_ = place(middle, "WebMercatorQuad", 16)
    path = f"/wmts/{LAYER}/default/WebMercatorQuad/16/{row}/{column}.png"
    assert pixels(get(path, "here").content)[..., 3].any()
    assert not pixels(get(path, "there").content)[..., 3].any()


def test_owslib_reads_the_capabilities_and_a_tile(get, address, world, middle):
    document = get("/wmts", SERVICE="WMTS", REQUEST="GetCapabilities").content
    service = WebMapTileService(
        f"{address}/wmts", xml=document, username=world.here[0], password=world.here[1]
    )
    assert set(service.contents) == {n for n, layer in BY_NAME.items() if layer.is_raster}
    assert set(service.tilematrixsets) == set(MATRIX_SETS)
    column, row, *_ = place(middle, "WebMercatorQuad", 16)
    found = service.gettile(
        layer=LAYER, tilematrixset="WebMercatorQuad", tilematrix="16", row=row, column=column,
        format="image/png",
    )  # fmt: skip
    assert pixels(found.read())[..., 3].any()
    matrix = service.tilematrixsets["WebMercatorQuad"].tilematrix["0"]
    assert matrix.scaledenominator == pytest.approx(559082264.0287178)  # OGC 17-083r2, annex D


@pytest.mark.parametrize("name", ["WebMercatorQuad", "JapanPlaneRectangular12"])
def test_gdal_draws_a_matrix_set(address, world, middle, tmp_path, name):
    lon, lat = middle(0, 0)
    source = f"WMTS:{address}/wmts/1.0.0/WMTSCapabilities.xml,layer={LAYER},tilematrixset={name}"
    user = "{}:{}".format(*world.here)
    command = [
        "gdal_translate", "-q", "--config", "GDAL_HTTP_USERPWD", user, "-projwin_srs", "EPSG:4326",
        "-projwin", str(lon - 0.0005), str(lat + 0.0005), str(lon + 0.0005), str(lat - 0.0005),
        "-outsize", "64", "64", source, str(tmp_path / "out.tif"),
    ]  # fmt: skip
    # Its cache of tiles would lie in the working folder.
    subprocess.run(command, check=True, timeout=120, cwd=tmp_path)
    with rasterio.open(tmp_path / "out.tif") as data:
        colour = data.read()[:3, 32, 32]
    assert "#{:02x}{:02x}{:02x}".format(*colour) == legend(BY_NAME[LAYER])[3]["color"]


@pytest.mark.parametrize(
    ("replaced", "code", "locator"),
    [
        ({"LAYER": "hardwood"}, "InvalidParameterValue", "LAYER"),
        ({"TILEMATRIXSET": "moon"}, "InvalidParameterValue", "TILEMATRIXSET"),
        ({"TILEMATRIX": "99"}, "TileOutOfRange", "TileMatrix"),
        ({"TILEROW": "99999999"}, "TileOutOfRange", "TileMatrix"),
        ({"TILECOL": "-1"}, "InvalidParameterValue", "TILECOL"),
        ({"FORMAT": "image/gif"}, "InvalidParameterValue", "FORMAT"),
        ({"STYLE": "loud"}, "InvalidParameterValue", "STYLE"),
        ({"VERSION": "2.0.0"}, "InvalidParameterValue", "VERSION"),
        ({"REQUEST": "GetCoffee"}, "OperationNotSupported", "REQUEST"),
        ({"SERVICE": ""}, "MissingParameterValue", "SERVICE"),
    ],
)
def test_wrong_requests_get_the_standards_report(tile, replaced, code, locator):
    answer = tile(**replaced)
    assert answer.status_code == 400
    assert f'exceptionCode="{code}"' in answer.text
    assert f'locator="{locator}"' in answer.text


def test_values_at_a_place(get, tile, middle, world):
    lon, lat = middle(0, 0)
    path = f"/maps/raster/{LAYER}/value"
    [found] = get(path, lon=str(lon), lat=str(lat)).json()["values"]
    assert found["value"] == pytest.approx(123.4)
    assert (found["unit"], found["run"]) == ("m3/ha", world.runs["own"])
    assert get(path, "there", lon=str(lon), lat=str(lat)).json()["values"] == []
    column, row, at_row, at_column = place(middle, "WebMercatorQuad", 16)
    info = tile(
        REQUEST="GetFeatureInfo", INFOFORMAT="application/json", I=str(at_column), J=str(at_row),
        TILEMATRIX="16", TILEROW=str(row), TILECOL=str(column),
    )  # fmt: skip
    assert info.json()["values"] == [found]
    for wrong in (
        {},
        {"lon": "a", "lat": "1"},
        {"lon": "500", "lat": "1"},
        {"lon": "nan", "lat": "1"},
    ):
        assert get(path, **wrong).status_code == 400


@pytest.fixture
def product(world) -> int:
    """Key of the hardwood raster of the run `own`."""
    from forestgis.surveys.models import Product
    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture")):
        return Product.objects.get(run=world.runs["own"], kind="hardwood_m3ha").pk


def test_a_product_is_the_file_whole_or_in_parts(get, world, product):
    path = f"/maps/products/{product}.tif"
    stored = (world.files / world.runs["own"] / "hardwood_m3ha.tif").read_bytes()
    whole = get(path)
    assert whole.content == stored
    assert whole.headers["Accept-Ranges"] == "bytes"
    for asked, expected in (
        ("bytes=0-99", stored[:100]),
        ("bytes=100-", stored[100:]),
        ("bytes=-10", stored[-10:]),
        (f"bytes=5-{10**9}", stored[5:]),
    ):
        part = get(path, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, expected), asked
        assert part.headers["Content-Range"].endswith(f"/{len(stored)}")
    assert get(path, headers={"Range": f"bytes={len(stored)}-"}).status_code == 416
    assert get(path, headers={"Range": "bytes=nonsense"}).content == stored
    assert get(path, "there").status_code == 404
    assert get("/maps/products/999999.tif").status_code == 404


def test_gdal_reads_a_product_over_http(address, world, product):
    # In a process of its own: the server under test is a thread of this one.
    found = subprocess.run(
        [
            "gdallocationinfo", "-valonly", "--config", "GDAL_HTTP_USERPWD", "{}:{}".format(*world.here),
            f"/vsicurl/{address}/maps/products/{product}.tif", "30", "30",
        ],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert float(found.stdout) == pytest.approx(123.4, rel=1e-5)


def test_the_matrix_sets_are_squares_around_the_origin():
    grid = MATRIX_SETS["JapanPlaneRectangular13"].grid(0, 0, 0)
    assert grid.bounds == (-524288.0, -524288.0, 524288.0, 524288.0)
    assert MATRIX_SETS["JapanPlaneRectangular1"].epsg == 6669
    assert WEB_MERCATOR.grid(1, 1, 0).bounds[:2] == pytest.approx((0, 0))
