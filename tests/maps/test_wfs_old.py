"""WFS 1.1.0, which MapServer answers, with GDAL and OWSLib."""

from __future__ import annotations

import json
import subprocess

import pytest
import requests
from lxml import etree
from owslib.wfs import WebFeatureService
from pyproj import Transformer

GML = "http://www.opengis.net/gml"
FOREST = "urn:forestgis:layers"


@pytest.fixture
def ask(get):
    def send(request: str, reader: str = "here", **params: str) -> requests.Response:
        return get("/wfs", reader, SERVICE="WFS", VERSION="1.1.0", REQUEST=request, **params)

    return send


def volumes(answer: requests.Response) -> list[str]:
    document = etree.fromstring(answer.content)
    return sorted(document.xpath("//f:hardwood_m3ha/text()", namespaces={"f": FOREST}))


@pytest.mark.parametrize(
    ("reader", "expected"),
    [("here", ["123.4", "45.6"]), ("there", ["210.9", "45.6"]), ("operator", [])],
)
def test_rows_are_the_readers_own_and_shared_ones(ask, reader, expected):
    assert volumes(ask("GetFeature", reader, TYPENAME="hardwood")) == expected
    hits = etree.fromstring(
        ask("GetFeature", reader, TYPENAME="hardwood", RESULTTYPE="hits").content
    )
    assert hits.get("numberOfFeatures") == str(len(expected))


def test_hidden_types_are_unknown(ask):
    assert ask("GetFeature", "operator", TYPENAME="subcompartment").status_code == 400
    assert ask("DescribeFeatureType", "operator", TYPENAME="subcompartment").status_code == 400
    assert b"forest:subcompartment<" not in ask("GetCapabilities", "operator").content
    assert b'"subcompartment"' not in ask("DescribeFeatureType", "operator").content


@pytest.mark.parametrize(
    ("srs", "epsg", "north_first"),
    [("EPSG:6680", 6680, True), ("urn:ogc:def:crs:EPSG::4326", 4326, True), ("EPSG:3857", 3857, False), (None, 6668, True)],
)  # fmt: skip
def test_systems_are_named_by_urn_with_their_own_axes(ask, srs, epsg, north_first):
    query = {"SRSNAME": srs} if srs else {}
    document = etree.fromstring(ask("GetFeature", TYPENAME="forest:hardwood", **query).content)
    geometry = document.find(f".//{{{FOREST}}}geom")[0]
    assert geometry.get("srsName") == f"urn:ogc:def:crs:EPSG::{epsg}"
    x, y = Transformer.from_crs(6668, epsg, always_xy=True).transform(143.0, 44.2)
    corners = [
        tuple(map(float, text.split()[:2]))
        for text in document.xpath("//g:posList/text()", namespaces={"g": GML})
    ]
    expected = (y, x) if north_first else (x, y)
    assert any(corner == pytest.approx(expected, abs=0.01) for corner in corners)


def test_boxes_and_pages(ask):
    box = "44.201,143.001,44.202,143.002,urn:ogc:def:crs:EPSG::4326"
    assert volumes(ask("GetFeature", TYPENAME="hardwood", BBOX=box)) == ["123.4"]
    pages = [
        volumes(
            ask("GetFeature", "prefecture", TYPENAME="hardwood", MAXFEATURES="1", STARTINDEX=str(n))
        )
        for n in range(4)
    ]
    assert sorted(sum(pages, [])) == ["123.4", "210.9", "45.6"]  # noqa: RUF017 (four pages)
    assert pages[3] == []


def test_gdal_reads_types_and_leading_zeros(address, world, tmp_path):
    user, token = world.prefecture
    out = tmp_path / "out.geojson"
    subprocess.run(
        ["ogr2ogr", "-oo", "VERSION=1.1.0", "--config", "GDAL_HTTP_USERPWD", f"{user}:{token}", "-f", "GeoJSON",
         out, f"WFS:{address}/wfs", "forest:hardwood"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    features = json.loads(out.read_text())["features"]
    assert {feature["properties"]["municipality_code"] for feature in features} == {
        "01560",
        "01559",
    }
    assert {feature["properties"]["hardwood_m3ha"] for feature in features} == {123.4, 45.6, 210.9}


def test_owslib_lists_the_readers_types(address, world):
    user, token = world.operator
    service = WebFeatureService(f"{address}/wfs", version="1.1.0", username=user, password=token)
    assert "forest:hardwood" in service.contents
    assert "forest:subcompartment" not in service.contents


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"TYPENAME": "nothing"}, "InvalidParameterValue"),
        ({"TYPENAME": "hardwood", "SRSNAME": "EPSG:2154"}, "InvalidParameterValue"),
        ({"TYPENAME": "hardwood", "BBOX": "1,2,3"}, "InvalidParameterValue"),
        ({"TYPENAME": "hardwood", "BBOX": "5,2,3,4"}, "InvalidParameterValue"),
        ({"TYPENAME": "hardwood", "MAXFEATURES": "many"}, "InvalidParameterValue"),
        ({"TYPENAME": "hardwood", "PROPERTYNAME": "owner"}, "InvalidParameterValue"),
        ({"TYPENAME": "hardwood", "FILTER": "<Filter/>"}, "OptionNotSupported"),
    ],
)
def test_mistakes_are_exception_reports(ask, params, code):
    answer = ask("GetFeature", **params)
    assert answer.status_code == 400
    assert etree.fromstring(answer.content)[0].get("exceptionCode") == code


def test_nothing_else_reaches_the_map_server(ask, get):
    assert ask("GetMap").status_code == 400
    plain = volumes(ask("GetFeature", TYPENAME="hardwood"))
    tricky = ask(
        "GetFeature",
        TYPENAME="hardwood",
        map="/etc/passwd",
        SLD="http://example.org",
        PGOPTIONS="x",
    )
    assert volumes(tricky) == plain
