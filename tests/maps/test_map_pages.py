"""Layer list, style, legend, vector and raster tiles: what each reader gets over HTTP."""

from __future__ import annotations

import math

import numpy as np
import pyogrio
import pytest
import rasterio
from rasterio.enums import ColorInterp

from forestgis.maps.catalogue import BY_NAME, LAYERS
from tiles.style.legend import legend

VECTORS = [layer.name for layer in LAYERS if not layer.is_raster]


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int, int]:
    """Column, row, and the pixel (row, column) of 256 inside; slippy-map arithmetic apart from the code under test."""
    n = 2**z
    x = (lon + 180) / 360 * n
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return int(x), int(y), int(y % 1 * 256), int(x % 1 * 256)


@pytest.fixture
def features(get, tmp_path):
    """Return the attributes of a tile's features as a list of dicts."""

    def read(layer: str, lon: float, lat: float, reader: str, z: int = 14) -> list[dict]:
        x, y, _, _ = tile_at(lon, lat, z)
        answer = get(f"/maps/tiles/{layer}/{z}/{x}/{y}.mvt", reader)
        assert answer.status_code == 200
        if not answer.content:
            return []
        path = tmp_path / f"{y}.mvt"
        path.write_bytes(answer.content)
        meta, _, _, columns = pyogrio.raw.read(f"MVT:{path}", encoding="utf-8")
        return [dict(zip(meta["fields"], row, strict=True)) for row in zip(*columns, strict=True)]

    return read


def picture(content: bytes) -> np.ndarray:
    """Decode a PNG to (row, column, 4)."""
    with rasterio.MemoryFile(content) as memory, memory.open() as data:
        assert data.colorinterp[-1] is ColorInterp.alpha
        return np.moveaxis(data.read(), 0, -1)


def test_layer_list(get):
    listed = get("/maps/layers.json").json()["layers"]
    assert [entry["name"] for entry in listed] == [layer.name for layer in reversed(LAYERS)]
    hardwood = next(entry for entry in listed if entry["name"] == "hardwood")
    assert hardwood["unit"] == "m3/ha"
    assert hardwood["kind"] == "vector"
    assert {"name", "label_ja", "label_en", "unit"} <= set(hardwood["fields"][0])
    assert [entry["color"] for entry in hardwood["legend"]] == [
        entry["color"] for entry in legend(BY_NAME["hardwood"])
    ]
    assert "架空データ" in hardwood["caution_ja"]


def test_operators_are_told_of_public_layers_only(get):
    names = {entry["name"] for entry in get("/maps/layers.json", "operator").json()["layers"]}
    assert "road" in names
    assert not names & {"compartment", "subcompartment"}
    assert get("/maps/tiles/compartment/14/14700/5944.mvt", "operator").status_code == 404


def test_style_names_addresses_that_answer(get, address):
    style = get("/maps/style.json").json()
    assert style["version"] == 8
    for name, source in style["sources"].items():
        [template] = source["tiles"]
        assert template.startswith(address)
        answer = get(template.removeprefix(address).format(z=14, x=14700, y=5944))
        assert answer.status_code == 200, name


def test_tilejson_and_legend(get):
    described = get("/maps/tiles/hardwood.json").json()
    assert described["tilejson"] == "3.0.0"
    assert described["vector_layers"][0]["fields"]["hardwood_m3ha"] == "ha当たり広葉樹材積"
    assert get("/maps/legend/hardwood.json").json()["legend"] == legend(BY_NAME["hardwood"])
    assert get("/maps/legend/nothing.json").status_code == 404


@pytest.mark.parametrize("name", VECTORS)
def test_every_vector_layer_has_a_style_for_desktop_programs(get, name):
    answer = get(f"/maps/style/{name}.sld")
    assert answer.headers["Content-Type"] == "application/vnd.ogc.sld+xml"
    assert answer.content.count(b"<Rule>") >= len(legend(BY_NAME[name]))


@pytest.mark.parametrize(
    "path",
    [
        "/maps/layers.json",
        "/maps/style.json",
        "/maps/legend/hardwood.json",
        "/maps/tiles/hardwood.json",
        "/maps/tiles/hardwood/14/14700/5944.mvt",
        "/maps/raster/raster_hardwood/14/14700/5944.png",
        "/wms?SERVICE=WMS&REQUEST=GetCapabilities",
        "/wfs?SERVICE=WFS&REQUEST=GetCapabilities",
    ],
)
def test_nobody_gets_401_with_a_challenge(get, path):
    answer = get(path, None)
    assert answer.status_code == 401
    assert "Basic" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("reader", "runs"),
    [
        ("here", {"own", "shared"}),
        ("there", {"shared", "theirs"}),
        ("prefecture", {"own", "shared", "theirs"}),
        ("operator", set()),
    ],
)
@pytest.mark.parametrize(("layer", "row"), [("hardwood", 0), ("mesh20m", 2)])
def test_each_reader_sees_published_rows_of_their_own_and_shared_ones(
    features, world, middle, layer, row, reader, runs
):
    seen = {
        feature["run"]
        for column in (0, 2, 8, 10)
        for feature in features(layer, *middle(column, row), reader)
    }
    assert seen == {world.runs[name] for name in runs}


def test_roads_are_shared_one_by_one(features, middle):
    lon, _ = middle(5, 0)
    names = {}
    for reader in ("here", "there", "prefecture", "operator"):
        rows = [features("road", lon, middle(5, row)[1], reader) for row in (5, 6, 7)]
        names[reader] = {feature["name"] for found in rows for feature in found}
    assert names == {
        "here": {"滝西林道", "公道1号"},
        "there": {"公道1号", "作業道"},
        "prefecture": {"滝西林道", "公道1号", "作業道"},
        "operator": {"公道1号"},
    }


def test_register_is_the_newest_edition_of_ones_own(features, middle):
    [row] = features("subcompartment", *middle(0, 0), "here")
    assert row["edition"] == 2024
    assert row["keycode"].startswith("0")
    assert (row["species_group"], row["species"], row["forest_type"]) == (
        "broadleaf",
        "ミズナラ",
        "天然林",
    )
    assert (row["stock_broadleaf_m3ha"], row["area_ha"]) == (150.0, 22.1234)
    assert "lot" not in row
    assert features("subcompartment", *middle(0, 0), "there") == []
    [compartment] = features("compartment", *middle(0, 0), "here")
    assert compartment["label"] == "12林班"


def test_register_stock_stands_beside_the_volume_where_it_may_be_read(features, middle):
    [own] = features("hardwood", *middle(0, 0), "here")
    assert (own["hardwood_m3ha"], own["register_hardwood_m3ha"]) == (123.4, 150.0)
    assert own["caution"] == "架空データ"
    [shared] = features("hardwood", *middle(10, 0), "here")
    assert shared["hardwood_m3ha"] == 45.6
    assert shared.get("register_hardwood_m3ha") is None or np.isnan(
        shared["register_hardwood_m3ha"]
    )
    assert shared["caution"] == "架空データ・未校正"


def test_unchanged_tiles_are_answered_304_and_never_kept_for_others(get, middle):
    x, y, _, _ = tile_at(*middle(0, 0), 14)
    first = get(f"/maps/tiles/hardwood/14/{x}/{y}.mvt")
    assert first.headers["Cache-Control"] == "no-store"
    assert "Authorization" in first.headers["Vary"]
    etag = {"If-None-Match": first.headers["ETag"]}
    assert get(f"/maps/tiles/hardwood/14/{x}/{y}.mvt", headers=etag).status_code == 304
    # Another reader's rows differ, so the same tag brings the other bytes.
    other = get(f"/maps/tiles/hardwood/14/{x}/{y}.mvt", "there", headers=etag)
    assert (other.status_code, other.content == first.content) == (200, False)


@pytest.mark.parametrize("name", VECTORS)
def test_empty_tiles_are_empty_not_missing(get, name):
    answer = get(f"/maps/tiles/{name}/14/0/0.mvt")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/maps/tiles/nothing/14/0/0.mvt",
        "/maps/tiles/raster_hardwood/14/0/0.mvt",
        "/maps/raster/hardwood/14/0/0.png",
        "/maps/tiles/hardwood/3/8/0.mvt",
        "/maps/raster/raster_hardwood/40/0/0.png",
        "/maps/tiles/hardwood/3/-1/0.mvt",
    ],
)
def test_what_does_not_exist_is_404(get, path):
    assert get(path).status_code == 404


@pytest.mark.parametrize(
    ("layer", "entry"), [("raster_hardwood", 3), ("raster_canopy_height", 4), ("hillshade", None)]
)
def test_raster_tiles_have_the_legends_colour(get, middle, layer, entry):
    x, y, row, column = tile_at(*middle(0, 0), 15)
    pixel = picture(get(f"/maps/raster/{layer}/15/{x}/{y}.png").content)[row, column]
    expected = "#b4b4b4" if entry is None else legend(BY_NAME[layer])[entry]["color"]
    assert "#{:02x}{:02x}{:02x}".format(*pixel[:3]) == expected
    assert pixel[3] == 255


@pytest.mark.parametrize(
    ("reader", "visible"), [("here", False), ("there", True), ("prefecture", True)]
)
def test_rasters_follow_the_publication(get, middle, reader, visible):
    x, y, _, _ = tile_at(*middle(8, 0), 15)
    content = get(f"/maps/raster/raster_hardwood/15/{x}/{y}.png", reader).content
    assert bool(picture(content)[..., 3].any()) == visible
