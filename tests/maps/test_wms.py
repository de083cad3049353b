"""WMS through the gate with OWSLib and GDAL: rows, rasters and capabilities of the reader alone."""

from __future__ import annotations

import functools
import json
import subprocess
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
import rasterio
from lxml import etree
from owslib.wms import WebMapService

from forestgis.maps.catalogue import BY_NAME, LAYERS
from tiles.style.legend import legend

NAMES = [layer.name for layer in LAYERS]
COLOURS = [entry["color"] for entry in legend(BY_NAME["hardwood"])]


def picture(content: bytes) -> np.ndarray:
    """Decode to (row, column, 3); a readable fault if the answer is an exception report."""
    assert content[:4] == b"\x89PNG", content[:600]
    with rasterio.MemoryFile(content) as memory, memory.open() as data:
        return np.moveaxis(data.read(), 0, -1)[..., :3]


@pytest.fixture(scope="module")
def service(address, world):
    """Return `service(version, reader)`: OWSLib connected, its capabilities read once a reader."""

    @functools.cache
    def connect(version: str = "1.3.0", reader: str = "here") -> WebMapService:
        name, token = getattr(world, reader)
        return WebMapService(f"{address}/wms", version=version, username=name, password=token)

    return connect


@pytest.fixture
def draw(service):
    """Draw a layer around a place, 21 pixels a side, with OWSLib, which knows the axis order of each version."""

    def get(
        place, *, layer="hardwood", version="1.3.0", reader="here", crs="EPSG:4326", half=0.0005
    ):
        lon, lat = place
        answer = service(version, reader).getmap(
            layers=[layer],
            styles=[""],
            srs=crs,
            bbox=(lon - half, lat - half, lon + half, lat + half),
            size=(21, 21),
            format="image/png",
        )
        return picture(answer.read())

    return get


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_capabilities_list_the_layers_and_the_public_address(service, address, version):
    connected = service(version)
    assert list(connected.contents) == NAMES
    [method] = [m for m in connected.getOperationByName("GetMap").methods if m["type"] == "Get"]
    assert method["url"].rstrip("?&") == f"{address}/wms"
    assert connected.contents["hardwood"].title == BY_NAME["hardwood"].title.ja
    assert "EPSG:6680" in connected.contents["hardwood"].crsOptions
    assert connected.getOperationByName("GetFeatureInfo").formatOptions == [
        "text/html",
        "application/json",
        "text/plain",
    ]


def test_capabilities_hide_what_is_not_open_to_the_reader(service):
    names = set(service(reader="operator").contents)
    assert "road" in names
    assert not names & {"compartment", "subcompartment", "forestgis"}
    with pytest.raises(Exception, match="compartment"):
        service(reader="operator").getmap(
            layers=["compartment"],
            styles=[""],
            srs="EPSG:4326",
            bbox=(143, 44, 144, 45),
            size=(9, 9),
            format="image/png",
        )


def on_white(name: str, colour: str) -> np.ndarray:
    """A colour of a layer's legend over white paper, with the layer's declared opacity."""
    opacity = BY_NAME[name].style.opacity
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return parts * opacity + 255 * (1 - opacity)


def shows(pixels: np.ndarray, name: str, colour: str) -> bool:
    """Whether one of the pixels has the colour, but for rounding."""
    apart = np.abs(pixels.reshape(-1, 3).astype(float) - on_white(name, colour)).max(axis=1)
    return bool(apart.min() <= 1.5)


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_map_colours_are_the_legends(draw, middle, version):
    assert shows(draw(middle(0, 0), version=version)[10, 5], "hardwood", COLOURS[3])


@pytest.mark.parametrize(
    ("reader", "seen"),
    [("here", [0, 10]), ("there", [8, 10]), ("prefecture", [0, 8, 10]), ("operator", [])],
)
def test_pixels_are_the_readers_own(draw, middle, reader, seen):
    drawn = [
        column for column in (0, 2, 8, 10) if (draw(middle(column, 0), reader=reader) != 255).any()
    ]
    assert drawn == seen


@pytest.mark.parametrize(
    ("reader", "seen"), [("here", [0]), ("there", [8]), ("prefecture", [0, 8])]
)
def test_rasters_follow_the_publication(draw, middle, reader, seen):
    drawn = [
        column
        for column in (0, 8)
        if (draw(middle(column, 0), layer="raster_hardwood", reader=reader) != 255).any()
    ]
    assert drawn == seen


def test_raster_pixels_have_the_legends_colour(get, middle):
    lon, lat = middle(0, 0)
    answer = get(
        "/wms",
        **wms("raster_hardwood", f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"),
    )
    colour = legend(BY_NAME["raster_hardwood"])[3]["color"]
    assert shows(picture(answer.content)[5, 5], "raster_hardwood", colour)


def wms(layer: str, bbox: str, **changed: str) -> dict[str, str]:
    return {
        "SERVICE": "WMS",
        "VERSION": "1.3.0",
        "REQUEST": "GetMap",
        "LAYERS": layer,
        "STYLES": "",
        "CRS": "CRS:84",
        "BBOX": bbox,
        "WIDTH": "11",
        "HEIGHT": "11",
        "FORMAT": "image/png",
        **changed,
    }


def test_readers_alternate_in_one_process_without_a_trace(get, middle):
    lon, lat = middle(0, 0)
    params = wms("hardwood", f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}")
    for _ in range(10):
        assert (picture(get("/wms", "here", **params).content) != 255).any()
        assert (picture(get("/wms", "there", **params).content) == 255).all()


@pytest.mark.parametrize(
    "extra",
    [
        {"map": "/etc/passwd"},
        {"SLD_BODY": "<StyledLayerDescriptor/>"},
        {"SLD": "http://127.0.0.1:9/x"},
        {"map.layer[hardwood]": "CONNECTION 'x'"},
        {"PGOPTIONS": "-c forestgis.principal=prefecture"},
        {"PGUSER": "forestgis_map_prefecture"},
        {"codes": "01559"},
        {"qstring": "x"},
        {"mode": "browse"},
    ],
)
def test_parameters_that_reach_into_the_map_server_are_dropped(get, middle, extra):
    lon, lat = middle(8, 0)  # rows of THERE
    params = wms("hardwood", f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}")
    assert (picture(get("/wms", "here", **params, **extra).content) == 255).all()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"LAYERS": "nothing"}, "LayerNotDefined"),
        ({"LAYERS": "hardwood_index"}, "LayerNotDefined"),
        ({"LAYERS": "raster_hardwood_index"}, "LayerNotDefined"),
        ({"CRS": "EPSG:2154"}, "InvalidCRS"),
        ({"WIDTH": "99999"}, "InvalidParameterValue"),
        ({"FORMAT": "application/json"}, "InvalidFormat"),
        ({"STYLES": "nothing"}, "StyleNotDefined"),
        ({"BBOX": "144,44,143,45"}, "InvalidParameterValue"),
        ({"REQUEST": "DescribeLayer"}, "OperationNotSupported"),
    ],
)
def test_mistakes_are_answered_with_the_exception_of_the_standard(get, changed, code):
    answer = get("/wms", **wms("hardwood", "143,44,144,45", **changed))
    assert answer.headers["Content-Type"].startswith("text/xml")
    [exception] = etree.fromstring(answer.content)
    assert exception.get("code") == code


@pytest.mark.parametrize(
    "changed", [{"LAYERS": "nothing"}, {"CRS": "EPSG:2154"}, {"LAYERS": "road_index"}]
)
def test_mistakes_as_pictures(get, changed):
    params = wms("hardwood", "143,44,144,45", **{"WIDTH": "200", "HEIGHT": "60", **changed})
    blank = picture(get("/wms", **params, EXCEPTIONS="BLANK", BGCOLOR="0xff0000").content)
    assert blank.shape == (60, 200, 3)
    assert (blank == (255, 0, 0)).all()
    words = picture(get("/wms", **params, EXCEPTIONS="INIMAGE").content)
    assert (words != 255).any()


def info(layers: str, place: tuple[float, float], media: str) -> dict[str, str]:
    lon, lat = place
    box = f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    asked = {
        "REQUEST": "GetFeatureInfo",
        "QUERY_LAYERS": layers,
        "INFO_FORMAT": media,
        "I": "5",
        "J": "5",
    }
    return wms(layers, box, **asked)


def test_feature_info_in_geojson_has_types(get, middle):
    answer = get("/wms", **info("hardwood,conifer", middle(0, 0), "application/json"))
    first, second = answer.json()["features"]
    assert (first["layer"], second["layer"]) == ("hardwood", "conifer")
    properties = first["properties"]
    assert set(properties) == {field.name for field in BY_NAME["hardwood"].fields}
    assert properties["hardwood_m3ha"] == 123.4
    assert properties["calibrated"] is True
    assert properties["municipality_code"] == "01560"
    assert properties["scanned_on"] == "2026-06-01"
    assert properties["conifer_se_m3"] is None


def test_feature_info_in_html_and_text(get, middle):
    page = get("/wms", **info("hardwood", middle(0, 0), "text/html")).text
    assert "ha当たり広葉樹材積" in page
    assert "123.4" in page
    assert "m3/ha" in page
    text = get("/wms", **info("hardwood", middle(0, 0), "text/plain")).text
    assert "hardwood_m3ha = '123.4'" in text


@pytest.mark.parametrize("media", ["application/json", "text/html", "text/plain"])
def test_feature_info_of_anothers_rows_is_empty(get, middle, media):
    answer = get("/wms", "there", **info("hardwood,subcompartment", middle(0, 0), media))
    assert answer.status_code == 200
    assert "123.4" not in answer.text
    assert "01560" not in answer.text


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_has_a_map_and_a_legend_picture(get, name):
    assert picture(get("/wms", **wms(name, "143,44.2,143.01,44.21")).content).shape == (11, 11, 3)
    asked = {
        "SERVICE": "WMS",
        "VERSION": "1.3.0",
        "REQUEST": "GetLegendGraphic",
        "FORMAT": "image/png",
        "LAYER": name,
    }
    drawn = picture(get("/wms", **asked).content)
    assert all(shows(drawn, name, entry["color"]) for entry in legend(BY_NAME[name]))


@pytest.mark.parametrize(
    ("srs", "box"),
    [
        ("EPSG:6680", "-106500 22300 -106000 22800"),
        ("EPSG:4326", "143.002 44.202 143.003 44.203"),
        ("EPSG:3857", "15918600 5498000 15918700 5498100"),
    ],
)
def test_gdal_reads_the_map(address, world, tmp_path, srs, box):
    name, token = world.prefecture
    parts = urlsplit(address)
    west, south, east, north = box.split()
    url = (
        f"{parts.scheme}://{quote(name)}:{quote(token)}@{parts.netloc}/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap"
        f"&LAYERS=municipality&STYLES=&SRS={srs}&BBOX={west},{south},{east},{north}&FORMAT=image/png"
    )
    out = tmp_path / "out.tif"
    subprocess.run(
        ["gdal_translate", "-q", "-outsize", "40", "40", f"WMS:{url}", str(out)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    with rasterio.open(out) as data:
        assert data.shape == (40, 40)
        assert data.read(1).min() >= 0


def test_map_file_on_disk_has_every_layer(tmp_path, settings):
    from django.core.management import call_command

    settings.BASE_DIR = tmp_path
    call_command("write_mapfile")
    folder = tmp_path / "var" / "mapserver"
    text = (folder / "forest.map").read_text(encoding="utf-8")
    assert all(f'NAME "{name}"' in text for name in NAMES)
    assert str(folder / "forest.map") in (folder / "mapserver.conf").read_text()
    assert json.dumps(text).find("password") == -1


def test_a_map_server_that_is_down_is_said(get, settings, tmp_path):
    settings.MAPSERV_SOCKET = str(tmp_path / "none")
    answer = get("/wms", **wms("hardwood", "143,44,144,45"))
    assert answer.status_code == 503
    [exception] = etree.fromstring(answer.content)
    assert "try again" in exception.text
