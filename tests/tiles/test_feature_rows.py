"""Rows as the database writes them, read back by lxml, json and csv, and placed by pyproj."""

from __future__ import annotations

import csv
import io
import json

import pytest
from lxml import etree
from pyproj import Transformer

from tiles.features import rows
from tiles.ogc.crs import CRS84, OFFERED, epsg, named

NASTY = "a\"b,<c>&'d\\\n%s ㌶\x0b"
WRAP = (
    '<x xmlns:forest="urn:f" xmlns:gml="http://www.opengis.net/gml/3.2" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{}</x>'
)
GML = "{http://www.opengis.net/gml/3.2}"


@pytest.fixture
def written(cursor, layers):
    """Return one row of a layer, its text field set to `NASTY`, as a format writes it."""

    def write(make, crs=CRS84, name="stand", members=None, fid=1):
        layer = layers[name]
        if name == "stand":
            cursor.execute("UPDATE stand_view SET code = %s WHERE fid = 1", [NASTY])
        expression = make(layer, members or rows.members_of(layer), crs)
        cursor.execute(f"SELECT {expression} FROM {layer.source.relation} WHERE fid = %s", [fid])
        return cursor.fetchone()[0]

    return write


def element(text: str) -> etree._Element:
    [found] = etree.fromstring(WRAP.format(text))
    return found


def test_geojson_values_keep_type_and_text(written):
    feature = json.loads(written(rows.geojson_row))
    assert feature["id"] == 1
    assert feature["properties"] == {
        "code": NASTY,
        "volume": 12.34,
        "seen": "2026-06-02",
        "sure": True,
    }
    assert json.loads(written(rows.geojson_row, fid=3))["properties"]["volume"] is None
    assert json.loads(written(rows.geojson_row_named))["id"] == "stand.1"


def test_gml_leaves_out_what_xml_cannot_hold(written):
    found = element(written(rows.gml_row))
    assert found.get(f"{GML}id") == "stand.1"
    values = {etree.QName(child).localname: child.text for child in found}
    assert values["code"] == NASTY.replace("\x0b", "")
    assert (values["volume"], values["seen"], values["sure"]) == ("12.34", "2026-06-02", "true")
    missing = element(written(rows.gml_row, fid=3)).find("{urn:f}volume")
    assert missing.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"


def test_csv_is_read_back_by_the_standard_library(written):
    [line] = csv.reader(io.StringIO(written(rows.csv_row), newline=""))
    assert line[0] == "stand.1"
    assert line[1].startswith("MULTIPOLYGON(((143.01 44.2,")
    assert line[2:] == [NASTY, "12.34", "2026-06-02", "true"]


@pytest.mark.parametrize("crs", OFFERED, ids=lambda crs: crs.uri.rsplit("/", 1)[-1])
def test_coordinates_are_those_of_pyproj_in_the_order_of_the_authority(written, crs):
    x, y = Transformer.from_crs(6668, crs.srid, always_xy=True).transform(143.01, 44.2)
    expected = pytest.approx((y, x) if crs.north_first else (x, y), abs=2e-4, rel=1e-12)
    feature = json.loads(written(rows.geojson_row, crs))
    assert tuple(feature["geometry"]["coordinates"][0][0][0]) == expected
    geometry = element(written(rows.gml_row, crs)).find("{urn:f}geom")[0]
    assert geometry.get("srsName") == crs.urn
    text = next(geometry.iter(f"{GML}posList")).text
    assert tuple(map(float, text.split()[:2])) == expected
    assert named(crs.uri) is named(f"<{crs.uri}>") is named(crs.urn) is crs


def test_degrees_of_both_systems_are_the_same_numbers(cursor):
    """What `DEGREES` rests on, asked of PROJ through PostGIS."""
    cursor.execute(
        "SELECT ST_AsText(ST_Transform(ST_SetSRID(ST_Point(143.123456789, 43.1), 6668), 4326), 15)"
    )
    assert cursor.fetchone()[0] == "POINT(143.123456789 43.1)"


def test_members_are_written_as_asked(written):
    found = element(written(rows.gml_row, members=["boundedBy", "volume"]))
    assert [etree.QName(child).localname for child in found] == ["boundedBy", "volume"]
    assert json.loads(written(rows.geojson_row, members=["volume"])) == {
        "type": "Feature",
        "id": 1,
        "geometry": None,
        "properties": {"volume": 12.34},
    }


def test_lines_have_ids_for_each_part(written):
    found = element(written(rows.gml_row, epsg(6680), "track"))
    ids = [node.get(f"{GML}id") for node in found.iter() if node.get(f"{GML}id")]
    assert ids == ["track.1", "track.1.geom", "track.1.geom.1"]


def test_unknown_systems_are_not_named():
    for name in ("EPSG:2154", "urn:ogc:def:crs:EPSG::2154", "6680", "", "http://example.org/6680"):
        assert named(name) is None
