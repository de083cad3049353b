"""Styled Layer Descriptors, drawn by a MapServer that knows nothing but the geometry and the descriptor."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import pytest
from lxml import etree

from tiles.errors import DeclarationError
from tiles.ogc import fcgi
from tiles.style import mapfile
from tiles.style.legend import legend
from tiles.style.sld import sld


@pytest.fixture(scope="module")
def draw(postgis, layers, pixels):
    """Draw a layer by its descriptor alone: the map file's own classes are painted magenta first."""
    with tempfile.TemporaryDirectory(prefix="ms", dir="/tmp") as short:
        folder = Path(short)
        (folder / "fonts.txt").write_text(
            mapfile.fontset("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
        )
        text = mapfile.map_file(
            mapfile.MapService("a", "b", str(folder / "fonts.txt"), "/nowhere"), layers.values()
        )
        text = text.replace('"ows_sld_enabled" "false"', '"ows_sld_enabled" "true"')
        text = re.sub(r"(?<!IMAGE)COLOR \d+ \d+ \d+$", "COLOR 255 0 255", text, flags=re.MULTILINE)
        # By this MapServer tells numbers from texts in the comparisons of a descriptor.
        text = text.replace('"gml_volume_type" "Character"', '"gml_volume_type" "Real"')
        (folder / "test.map").write_text(text, encoding="utf-8")
        (folder / "mapserver.conf").write_text(mapfile.config_file(str(folder / "test.map")))
        environment = {"MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf")}
        with fcgi.pool("/usr/lib/cgi-bin/mapserv", folder / "s", environment) as socket:

            def get(name: str, bbox: str, width: int, height: int):
                # MapServer draws a feature by one rule only, so the rule of the labels would hide the others.
                unlabelled = dataclasses.replace(layers[name].style, label=None)
                layer = dataclasses.replace(layers[name], style=unlabelled)
                query = {
                    "SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": name, "STYLES": "",
                    "CRS": "CRS:84", "BBOX": bbox, "WIDTH": width, "HEIGHT": height, "FORMAT": "image/png",
                    "SLD_BODY": sld(layer).decode(),
                }  # fmt: skip
                variables = {**postgis, "REQUEST_METHOD": "GET", "QUERY_STRING": urlencode(query)}
                body = fcgi.call(str(socket), variables).body
                assert body.startswith(b"\x89PNG"), body
                return pixels(body)[..., :3]

            yield get


def hex_of(pixel) -> str:
    return "#{:02x}{:02x}{:02x}".format(*pixel)


def test_areas(draw, layers):
    picture = draw("stand", "143.0,44.19,143.05,44.22", 500, 300)
    colours = [entry["color"] for entry in legend(layers["stand"])]
    assert [hex_of(picture[150, 150]), hex_of(picture[150, 250])] == colours[:2]
    assert hex_of(picture[5, 5]) == "#ffffff"


def test_lines(draw, layers):
    picture = draw("track", "143.0,44.18,143.05,44.19", 500, 1000)
    entries = legend(layers["track"])
    rows = [round((44.19 - 44.18 - n * 0.002) / 0.01 * 1000) for n in (1, 2, 3)]
    expected = [entries[0]["color"], entries[1]["color"], entries[1]["color"]]
    assert [hex_of(picture[row, 250]) for row in rows] == expected


def test_the_document_names_classes_and_labels(layers):
    tree = etree.fromstring(sld(layers["stand"]))
    names = {"s": "http://www.opengis.net/sld", "o": "http://www.opengis.net/ogc"}
    titles = tree.xpath("//s:Rule/s:Title/text()", namespaces=names)
    assert titles == [*(entry["label_ja"] for entry in legend(layers["stand"])), "label"]
    assert tree.xpath("string(//s:TextSymbolizer//o:PropertyName)", namespaces=names) == "code"


def test_rasters_have_none(layers):
    with pytest.raises(DeclarationError):
        sld(layers["height"])
