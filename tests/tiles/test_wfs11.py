"""WFS 1.1.0: what the gate lets through, and what never stands in its map file."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from tiles.errors import OgcError
from tiles.ogc import wfs11
from tiles.style.wfsmap import wfs_map_file


@pytest.fixture
def vectors(layers):
    return {name: layer for name, layer in layers.items() if not layer.is_raster}


def test_the_map_file_holds_no_way_to_another_reader(layers):
    text = wfs_map_file("試験", "Test", layers.values())
    assert "%" not in text
    assert "CLOSE_CONNECTION" not in text
    assert "password" not in text.lower()
    assert "owner" not in text
    assert text.count("order by fid") == 2


def test_only_known_parameters_pass_and_each_is_written_anew(vectors):
    given = {
        "REQUEST": "getfeature", "TYPENAME": "forest:stand", "SRSNAME": "EPSG:6680", "MAXFEATURES": "999999",
        "BBOX": "44,143,45,144,EPSG:4326", "PROPERTYNAME": "forest:code", "MAP": "/etc/passwd", "SLD": "http://x",
    }  # fmt: skip
    assert {name: values[0] for name, values in parse_qs(wfs11.admit(given, vectors)).items()} == {
        "SERVICE": "WFS",
        "VERSION": "1.1.0",
        "REQUEST": "GetFeature",
        "TYPENAME": "stand",
        "OUTPUTFORMAT": "text/xml; subtype=gml/3.1.1",
        "SRSNAME": "urn:ogc:def:crs:EPSG::6680",
        "MAXFEATURES": "10000",
        "STARTINDEX": "0",
        "BBOX": "44.0,143.0,45.0,144.0,urn:ogc:def:crs:EPSG::4326",
        "PROPERTYNAME": "code",
    }


@pytest.mark.parametrize(
    ("given", "locator"),
    [
        ({"REQUEST": "Transaction"}, "request"),
        ({"REQUEST": "GetFeature"}, "typename"),
        ({"REQUEST": "GetFeature", "TYPENAME": "height"}, "typename"),
        ({"REQUEST": "GetFeature", "TYPENAME": "stand", "FILTER": "<x/>"}, "filter"),
        ({"REQUEST": "GetFeature", "TYPENAME": "stand", "PROPERTYNAME": "code,owner"}, "propertyname"),
        ({"REQUEST": "GetFeature", "TYPENAME": "stand", "BBOX": "1,2,3,nan"}, "bbox"),
        ({"REQUEST": "GetFeature", "TYPENAME": "stand", "STARTINDEX": "-1"}, "startindex"),
    ],
)  # fmt: skip
def test_mistakes_name_their_parameter(vectors, given, locator):
    with pytest.raises(OgcError) as caught:
        wfs11.admit(given, vectors)
    assert caught.value.locator == locator


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"VERSION": "1.1.0"}, True),
        ({"VERSION": "2.0.0"}, False),
        ({"ACCEPTVERSIONS": "2.0.0,1.1.0,1.0.0"}, False),
        ({"ACCEPTVERSIONS": "1.1.0,1.0.0"}, True),
        ({}, False),
    ],
)
def test_the_newer_version_is_preferred(given, expected):
    assert wfs11.asked_for(given) is expected
