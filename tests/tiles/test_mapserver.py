"""The generated map file in a real MapServer over FastCGI."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import numpy as np
import pytest
from lxml import etree
from pyproj import Transformer

from tiles.errors import MapServerError
from tiles.ogc import fcgi
from tiles.style.legend import legend

WHITE = (255, 255, 255)


@pytest.fixture
def ask(mapserv):
    def send(extra: dict[str, str] | None = None, **params: str) -> fcgi.Response:
        variables = {key: value for key, value in mapserv.items() if key != "socket"}
        query = urlencode({"SERVICE": "WMS", "VERSION": "1.3.0", "STYLES": "", **params})
        return fcgi.call(mapserv["socket"], variables | {"QUERY_STRING": query} | (extra or {}))

    return send


@pytest.fixture
def draw(ask, pixels):
    """Return the picture of a request as (row, column, 3)."""

    def get(layers: str, crs: str, bbox: str, width: int, height: int, **params: str) -> np.ndarray:
        response = ask(
            REQUEST="GetMap",
            LAYERS=layers,
            BBOX=bbox,
            WIDTH=str(width),
            HEIGHT=str(height),
            FORMAT="image/png",
            **({"CRS": crs} if "VERSION" not in params else {"SRS": crs}),
            **params,
        )
        assert response.headers["content-type"] == "image/png", response.body
        return pixels(response.body)[..., :3]

    return get


def hex_of(pixel: np.ndarray) -> str:
    return "#{:02x}{:02x}{:02x}".format(*pixel)


STANDS = "44.19,143.0,44.22,143.05"  # latitude first


def test_areas_have_the_colours_of_the_legend(draw, layers):
    picture = draw("stand", "EPSG:6668", STANDS, 500, 300)
    colours = [entry["color"] for entry in legend(layers["stand"])]
    # 12.3 is below 50, and 50.0 belongs to the class that begins there.
    assert [hex_of(picture[150, 150]), hex_of(picture[150, 250])] == colours[:2]


def test_an_area_without_a_value_is_not_drawn(draw):
    assert tuple(draw("stand", "EPSG:6668", STANDS, 500, 300)[150, 350]) == WHITE


def test_lines_have_the_colour_of_their_category(draw, layers):
    picture = draw("track", "CRS:84", "143.0,44.18,143.05,44.19", 500, 1000)
    entries = legend(layers["track"])
    rows = [round((44.19 - 44.18 - n * 0.002) / 0.01 * 1000) for n in (1, 2, 3)]
    expected = [entries[0]["color"], entries[1]["color"], entries[1]["color"]]
    assert [hex_of(picture[row, 250]) for row in rows] == expected


@pytest.mark.parametrize(
    ("version", "crs", "north_first"),
    [
        ("1.3.0", "EPSG:4326", True),
        ("1.3.0", "EPSG:6668", True),
        ("1.3.0", "EPSG:6680", True),
        ("1.3.0", "EPSG:6679", True),
        ("1.3.0", "EPSG:3857", False),
        ("1.3.0", "CRS:84", False),
        ("1.1.1", "EPSG:4326", False),
        ("1.1.1", "EPSG:6668", False),
        ("1.1.1", "EPSG:6680", False),
        ("1.1.1", "EPSG:3857", False),
    ],
)
def test_the_same_place_in_every_system(draw, layers, version, crs, north_first):
    # The middle of the second stand, found by pyproj in x, y order.
    to_crs = Transformer.from_crs(
        "EPSG:6668", "EPSG:4326" if crs == "CRS:84" else crs, always_xy=True
    )
    x, y = to_crs.transform(143.025, 44.205)
    half = 0.0005 if abs(x) < 360 else 50
    corners = (
        (y - half, x - half, y + half, x + half)
        if north_first
        else (x - half, y - half, x + half, y + half)
    )
    extra = {} if version == "1.3.0" else {"VERSION": version}
    picture = draw("stand", crs, ",".join(map(repr, corners)), 21, 21, **extra)
    assert hex_of(picture[10, 10]) == legend(layers["stand"])[1]["color"]


def test_rasters_of_several_files_have_the_colours_of_the_legend(draw, layers):
    # 10 m pixels of the files, 20 m pixels of the map; the second file begins at column 50.
    picture = draw("height", "EPSG:6680", "25000,-90000,26000,-88000", 100, 50)
    low, middle, high = (entry["color"] for entry in legend(layers["height"]))
    assert hex_of(picture[10, 20]) == low
    assert hex_of(picture[40, 20]) == middle
    assert hex_of(picture[20, 80]) == middle
    assert hex_of(picture[40, 80]) == high
    assert tuple(picture[4, 54]) == WHITE  # the hole


def test_a_grey_raster_keeps_its_values(draw):
    picture = draw("shade", "EPSG:6680", "25200,-89800,25800,-89200", 60, 60)
    assert (picture == 77).all()


def test_transparent_pictures_have_an_alpha_channel(ask, pixels):
    box = {"CRS": "EPSG:6668", "BBOX": STANDS, "WIDTH": "50", "HEIGHT": "30"}
    body = ask(REQUEST="GetMap", LAYERS="stand", FORMAT="image/png", TRANSPARENT="TRUE", **box).body
    picture = pixels(body)
    assert picture[1, 1, 3] == 0
    assert picture[15, 15, 3] == 255


def test_layers_are_empty_beyond_their_scale(draw):
    # `stand` is drawn from zoom 5 on, about 1:8.7 million; the whole of Hokkaido in 20 pixels is far beyond.
    picture = draw("stand", "EPSG:3857", "15500000,5000000,16600000,5750000", 20, 14)
    assert (picture == 255).all()


def test_feature_info_gives_declared_fields_and_no_others(ask):
    answer = ask(
        REQUEST="GetFeatureInfo",
        LAYERS="stand",
        QUERY_LAYERS="stand",
        INFO_FORMAT="application/json",
        CRS="EPSG:6668",
        BBOX=STANDS,
        WIDTH="500",
        HEIGHT="300",
        I="150",
        J="150",
    )
    properties = json.loads(answer.body)["features"][0]["properties"]
    assert properties == {"code": "01001", "volume": "12.3", "seen": "2026-06-02", "sure": "true"}
    text = ask(
        REQUEST="GetFeatureInfo",
        LAYERS="stand",
        QUERY_LAYERS="stand",
        INFO_FORMAT="text/plain",
        CRS="EPSG:6668",
        BBOX=STANDS,
        WIDTH="500",
        HEIGHT="300",
        I="150",
        J="150",
    ).body
    assert b"12.3" in text
    assert b"hidden" not in text


def test_legend_graphic_shows_each_class_colour(ask, pixels, layers):
    body = ask(
        REQUEST="GetLegendGraphic", LAYER="stand", FORMAT="image/png", SLD_VERSION="1.1.0"
    ).body
    seen = {hex_of(pixel) for pixel in pixels(body)[..., :3].reshape(-1, 3)}
    assert {entry["color"] for entry in legend(layers["stand"])} <= seen


def test_capabilities_name_the_address_of_the_request(ask):
    tree = etree.fromstring(ask(REQUEST="GetCapabilities").body)
    names = {"w": "http://www.opengis.net/wms", "x": "http://www.w3.org/1999/xlink"}
    links = tree.xpath("//w:GetMap//w:OnlineResource/@x:href", namespaces=names)
    assert set(links) == {"https://maps.example:8443/wms?"}
    assert tree.xpath("//w:Layer/w:Layer/w:Name/text()", namespaces=names) == [
        "shade",
        "height",
        "stand",
        "track",
    ]


def test_styled_layer_descriptors_are_not_read(ask, pixels):
    sld = (
        '<StyledLayerDescriptor version="1.0.0"><NamedLayer><Name>stand</Name><UserStyle><FeatureTypeStyle><Rule>'
        '<PolygonSymbolizer><Fill><CssParameter name="fill">#ff0000</CssParameter></Fill></PolygonSymbolizer>'
        "</Rule></FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
    )
    box = {"CRS": "EPSG:6668", "BBOX": STANDS, "WIDTH": "50", "HEIGHT": "30"}
    body = ask(REQUEST="GetMap", LAYERS="stand", FORMAT="image/png", SLD_BODY=sld, **box).body
    assert not body.startswith(b"\x89PNG") or "#ff0000" not in {
        hex_of(pixel) for pixel in pixels(body)[..., :3].reshape(-1, 3)
    }


def test_the_request_decides_the_database_role(ask):
    # The same process must not keep what the request before brought along.
    box = {"CRS": "EPSG:6668", "BBOX": STANDS, "WIDTH": "50", "HEIGHT": "30"}
    good = ask(REQUEST="GetMap", LAYERS="stand", FORMAT="image/png", **box)
    bad = ask(
        {"PGUSER": "nobody_here"}, REQUEST="GetMap", LAYERS="stand", FORMAT="image/png", **box
    )
    again = ask(REQUEST="GetMap", LAYERS="stand", FORMAT="image/png", **box)
    assert good.body == again.body
    assert b"ServiceException" in bad.body


def test_a_missing_process_is_said(tmp_path):
    with pytest.raises(MapServerError, match="does not answer"):
        fcgi.call(str(tmp_path / "none"), {})
