"""The WMS gate: what passes, what is dropped, what is refused and how."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from lxml import etree

from tiles.errors import OgcError
from tiles.ogc.crs import north_first
from tiles.ogc.exceptions import service_exception
from tiles.ogc.gate import admit

MAP = {
    "service": "WMS",
    "Version": "1.3.0",
    "REQUEST": "GetMap",
    "layers": "hardwood",
    "styles": "",
    "crs": "EPSG:6680",
    "bbox": "25000,-90000,26000,-88000",
    "width": "256",
    "height": "256",
    "format": "image/png",
}
KNOWN = {"hardwood", "road"}


def refused(**changed: str) -> OgcError:
    with pytest.raises(OgcError) as caught:
        admit({**MAP, **changed}.items(), KNOWN)
    return caught.value


def test_names_in_any_case_and_values_pass():
    admitted = admit(MAP.items(), KNOWN)
    assert admitted.request == "GetMap"
    query = parse_qs(admitted.query(), keep_blank_values=True)
    assert query["LAYERS"] == ["hardwood"]
    assert [float(number) for number in query["BBOX"][0].split(",")] == [
        25000,
        -90000,
        26000,
        -88000,
    ]


@pytest.mark.parametrize(
    "name",
    [
        "map",
        "MAP",
        "SLD",
        "SLD_BODY",
        "FILTER",
        "map.layer[hardwood]",
        "mode",
        "qstring",
        "muni",
        "PGOPTIONS",
        "TIME",
        "map_web",
    ],
)
def test_unknown_parameters_are_dropped(name):
    admitted = admit({**MAP, name: "x"}.items(), KNOWN)
    assert set(admitted.params) == {
        "SERVICE",
        "REQUEST",
        "VERSION",
        *("LAYERS", "STYLES", "CRS", "BBOX", "WIDTH", "HEIGHT", "FORMAT"),
    }


@pytest.mark.parametrize(
    ("changed", "code", "locator"),
    [
        ({"layers": "hardwood,secret"}, "LayerNotDefined", "LAYERS"),
        ({"layers": ""}, "LayerNotDefined", "LAYERS"),
        ({"crs": "EPSG:2154"}, "InvalidCRS", "CRS"),
        ({"srs": "EPSG:999999"}, "InvalidSRS", "SRS"),
        ({"format": "image/tiff"}, "InvalidFormat", "FORMAT"),
        ({"width": "100000"}, "InvalidParameterValue", "WIDTH"),
        ({"height": "0"}, "InvalidParameterValue", "HEIGHT"),
        ({"width": "1e3"}, "InvalidParameterValue", "WIDTH"),
        ({"bbox": "2,2,1,3"}, "InvalidParameterValue", "BBOX"),
        ({"bbox": "0,0,nan,1"}, "InvalidParameterValue", "BBOX"),
        ({"bbox": "0,0,1"}, "InvalidParameterValue", "BBOX"),
        ({"styles": "default'--"}, "InvalidParameterValue", "STYLES"),
        ({"bgcolor": "%var%"}, "InvalidParameterValue", "BGCOLOR"),
        ({"REQUEST": "GetStyles"}, "OperationNotSupported", "REQUEST"),
        ({"service": "WFS"}, "InvalidParameterValue", "SERVICE"),
        ({"Version": ""}, "MissingParameterValue", "VERSION"),
        ({"Version": "../1"}, "InvalidParameterValue", "VERSION"),
        ({"layers": ",".join(["road"] * 13)}, "OperationNotSupported", "LAYERS"),
    ],
)
def test_wrong_values_get_the_code_of_the_standard(changed, code, locator):
    error = refused(**changed)
    assert (error.ogc_code, error.locator) == (code, locator)


def test_a_parameter_sent_twice_with_two_values_is_refused():
    with pytest.raises(OgcError, match="twice"):
        admit([*MAP.items(), ("LAYERS", "road")], KNOWN)
    assert admit([*MAP.items(), ("LAYERS", "hardwood")], KNOWN).params["LAYERS"] == "hardwood"


def test_points_and_info_formats():
    info = {
        **MAP,
        "layers": "hardwood,road",
        "REQUEST": "GetFeatureInfo",
        "query_layers": "road",
        "i": "5",
        "j": "6",
        "feature_count": "3",
    }
    params = admit({**info, "info_format": "text/html"}.items(), KNOWN).params
    assert (params["QUERY_LAYERS"], params["I"], params["J"], params["FEATURE_COUNT"]) == (
        "road",
        "5",
        "6",
        "3",
    )
    with pytest.raises(OgcError) as caught:
        admit({**info, "i": "-1"}.items(), KNOWN)
    assert caught.value.ogc_code == "InvalidPoint"


@pytest.mark.parametrize(
    ("asked", "code"),
    [("road", "LayerNotDefined"), ("secret", "LayerNotDefined"), ("hardwood", "LayerNotQueryable")],
)
def test_layers_to_ask_are_drawn_ones_with_features(asked, code):
    info = {**MAP, "REQUEST": "GetFeatureInfo", "query_layers": asked, "i": "5", "j": "6"}
    with pytest.raises(OgcError) as caught:
        admit(info.items(), KNOWN, queryable={"road"})
    assert caught.value.ogc_code == code


def test_exception_documents():
    error = OgcError("no <layer>", ogc_code="LayerNotDefined", locator="LAYERS")
    media, body = service_exception(error, "1.3.0")
    [found] = etree.fromstring(body)
    assert media == "text/xml"
    assert found.tag == "{http://www.opengis.net/ogc}ServiceException"
    assert (found.get("code"), found.get("locator"), found.text) == (
        "LayerNotDefined",
        "LAYERS",
        "no <layer>",
    )
    media, body = service_exception(error, "1.1.1")
    assert media == "application/vnd.ogc.se_xml"
    assert etree.fromstring(body).get("version") == "1.1.1"


def test_axis_order_agrees_with_the_epsg_registry():
    from pyproj import CRS

    from tiles.ogc.crs import EPSG_CODES

    for code in EPSG_CODES:
        first = CRS.from_epsg(code).axis_info[0].direction
        assert north_first(f"EPSG:{code}") == (first == "north"), code
    assert not north_first("CRS:84")


@pytest.mark.parametrize(
    "sent",
    [
        {"DPI": "300"},
        {"MAP_RESOLUTION": "300"},
        {"FORMAT_OPTIONS": "dpi:300"},
        {"FORMAT_OPTIONS": "antialias:on;dpi:300"},
        {"DPI": "300", "MAP_RESOLUTION": "300", "FORMAT_OPTIONS": "dpi:300"},
    ],
)
def test_the_resolution_of_a_print_in_any_clients_word(sent):
    asked = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "stand", **sent}
    assert admit(asked.items(), ["stand"]).params["MAP_RESOLUTION"] == "300"
    assert "DPI" not in admit(asked.items(), ["stand"]).params


def test_a_resolution_that_no_printer_has():
    asked = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "stand"}
    with pytest.raises(OgcError, match="30 to 600"):
        admit({**asked, "DPI": "9999"}.items(), ["stand"])
