"""WFS 2.0.0 with GDAL and OWSLib, and its answers held to the official schemas."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import requests
from lxml import etree
from owslib.wfs import WebFeatureService
from pyproj import Transformer

from forestgis.maps.catalogue import BY_NAME, LAYERS

VECTORS = [layer.name for layer in LAYERS if not layer.is_raster]
WFS = "http://www.opengis.net/wfs/2.0"
GML = "http://www.opengis.net/gml/3.2"
FOREST = "urn:forestgis:layers"
# Where the consolidated schemas keep what the official addresses name.
PLACES = {
    "wfs.xsd": "opengis/wfs/2.0/wfs.xsd",
    "owsAll.xsd": "opengis/ows/1.1/ows-1.1.0.xsd",
    "filterAll.xsd": "opengis/filter/2.0/filter-2.0.2.xsd",
    "gml.xsd": "opengis/gml/3.2.1/gml-3.2.1.xsd",
    "xml.xsd": "w3c/2009/01/xml.xsd",
    "xlink.xsd": "w3c/2008/06/xlink.xsd",
    **{
        f"{name}.xsd": f"iso/19139/2007/{name}-2007.xsd"
        for name in ("gmd", "gco", "gts", "gss", "gsr")
    },
}


class Offline(etree.Resolver):
    """Gives the schemas on disk for the official addresses, and no other."""

    def __init__(self, folder: Path, application: bytes) -> None:
        super().__init__()
        self.folder, self.application = folder, application

    def resolve(self, url, public_id, context):
        if "DescribeFeatureType" in url:
            return self.resolve_string(self.application, context)
        return self.resolve_filename(str(self.folder / PLACES[url.rsplit("/", 1)[-1]]), context)


@pytest.fixture
def ask(get):
    def send(request: str, reader: str = "here", **params: str) -> requests.Response:
        return get("/wfs", reader, SERVICE="WFS", VERSION="2.0.0", REQUEST=request, **params)

    return send


@pytest.fixture
def rows(ask):
    """Return the GeoJSON features of a layer."""

    def read(layer: str, reader: str = "here", **params: str) -> list[dict]:
        answer = ask("GetFeature", reader, TYPENAMES=layer, OUTPUTFORMAT="geojson", **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["features"]

    return read


@pytest.fixture
def ogr(address, world, tmp_path):
    """Run ogr2ogr as a reader; return the features it read."""

    def read(layer: str, *options: str, reader: str = "prefecture") -> list[dict]:
        out = tmp_path / "out.geojson"
        out.unlink(missing_ok=True)
        user, token = getattr(world, reader)
        subprocess.run(
            ["ogr2ogr", "-oo", "HTTPAUTH=BASIC", "--config", "GDAL_HTTP_USERPWD", f"{user}:{token}",
             "-f", "GeoJSON", str(out), f"WFS:{address}/wfs", f"forest:{layer}", *options],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        return json.loads(out.read_text())["features"]

    return read


@pytest.fixture
def schema(ask, shared_data):
    application = ask("DescribeFeatureType").content
    parser = etree.XMLParser()
    parser.resolvers.add(Offline(shared_data / "schemas", application))
    wrapper = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        f'<xs:import namespace="{WFS}" schemaLocation="http://schemas.opengis.net/wfs/2.0/wfs.xsd"/>'
        f'<xs:import namespace="{FOREST}" schemaLocation="DescribeFeatureType"/></xs:schema>'
    )
    return etree.XMLSchema(etree.fromstring(wrapper, parser))


def test_gdal_reads_types_and_leading_zeros(ogr):
    [feature] = ogr("hardwood", "-where", "municipality_code='01560'")
    properties = feature["properties"]
    assert properties["municipality_code"] == "01560"
    assert properties["keycode"].startswith("0")
    assert properties["hardwood_m3ha"] == 123.4
    assert properties["calibrated"] is True
    assert properties["scanned_on"] == "2026-06-01"


def test_gdals_spatial_filter_without_a_crs_finds_the_place(ogr, middle):
    lon, lat = middle(8, 0)
    box = [str(number) for number in (lon - 1e-4, lat - 1e-4, lon + 1e-4, lat + 1e-4)]
    found = ogr("hardwood", "-spat", *box)
    assert [feature["properties"]["keycode"] for feature in found] == ["grid-theirs"]
    west = feature_west(found[0])
    assert west == pytest.approx(lon - 0.0025, abs=1e-9)


def feature_west(feature: dict) -> float:
    return min(x for part in feature["geometry"]["coordinates"] for ring in part for x, _ in ring)


@pytest.mark.parametrize(
    ("reader", "runs"),
    [
        ("here", {"own", "shared"}),
        ("there", {"shared", "theirs"}),
        ("prefecture", {"own", "shared", "theirs"}),
    ],
)
@pytest.mark.parametrize("layer", ["hardwood", "conifer", "mesh20m"])
def test_rows_are_the_readers_own_and_shared_ones(rows, world, layer, reader, runs):
    found = {feature["properties"]["run"] for feature in rows(layer, reader)}
    assert found == {world.runs[name] for name in runs}


def test_counts_do_not_tell_of_others(ask):
    for reader, expected in (("here", "2"), ("there", "2"), ("prefecture", "3"), ("operator", "0")):
        answer = ask("GetFeature", reader, TYPENAMES="hardwood", RESULTTYPE="hits")
        assert etree.fromstring(answer.content).get("numberMatched") == expected, reader


def test_hidden_types_are_unknown(ask):
    answer = ask("GetFeature", "operator", TYPENAMES="subcompartment")
    assert answer.status_code == 400
    assert b"forest:subcompartment" not in ask("GetCapabilities", "operator").content


def test_owslib_lists_types_fields_and_values(address, world):
    user, token = world.here
    service = WebFeatureService(f"{address}/wfs", version="2.0.0", username=user, password=token)
    assert set(service.contents) == {f"forest:{name}" for name in VECTORS}
    assert service.contents["forest:hardwood"].title == BY_NAME["hardwood"].title.ja
    names = {option.getcodeurn() for option in service.contents["forest:hardwood"].crsOptions}
    assert "urn:ogc:def:crs:EPSG::6680" in names
    body = service.getfeature("forest:hardwood", srsname="urn:ogc:def:crs:EPSG::6680").read()
    volumes = etree.fromstring(body).xpath("//f:hardwood_m3ha/text()", namespaces={"f": FOREST})
    assert sorted(volumes) == ["123.4", "45.6"]


@pytest.mark.parametrize(
    ("srs", "epsg", "north_first"),
    [
        ("urn:ogc:def:crs:EPSG::6668", 6668, True),
        ("urn:ogc:def:crs:EPSG::4326", 4326, True),
        ("http://www.opengis.net/def/crs/EPSG/0/6668", 6668, True),
        ("urn:ogc:def:crs:OGC::CRS84", 4326, False),
        ("urn:ogc:def:crs:EPSG::6680", 6680, True),
        ("urn:ogc:def:crs:EPSG::3857", 3857, False),
    ],
)
def test_gml_axis_order(ask, srs, epsg, north_first):
    answer = ask(
        "GetFeature", TYPENAMES="hardwood", SRSNAME=srs, FILTER=equal("hardwood_m3ha", "123.4")
    )
    [text] = etree.fromstring(answer.content).xpath("//g:posList/text()", namespaces={"g": GML})
    x, y = corner(epsg)
    expected = (y, x) if north_first else (x, y)
    assert [float(part) for part in text.split()[:2]] == pytest.approx(expected, abs=1e-3)


def corner(epsg: int) -> tuple[float, float]:
    """South-western corner of the first square, easting first, by pyproj."""
    return Transformer.from_crs(6668, epsg, always_xy=True).transform(143.0, 44.2)


def equal(field: str, value: str) -> str:
    return (
        '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsEqualTo>'
        f"<fes:ValueReference>{field}</fes:ValueReference><fes:Literal>{value}</fes:Literal>"
        "</fes:PropertyIsEqualTo></fes:Filter>"
    )


def test_geojson_is_longitude_first_unless_asked_otherwise(rows):
    [feature] = rows("hardwood", FILTER=equal("hardwood_m3ha", "123.4"))
    assert feature_west(feature) == pytest.approx(143.0)
    [feature] = rows(
        "hardwood", FILTER=equal("hardwood_m3ha", "123.4"), SRSNAME="urn:ogc:def:crs:EPSG::6680"
    )
    assert feature_west(feature) == pytest.approx(corner(6680)[0], abs=20)


def test_pages_walk_all_rows_once_in_a_stable_order(ask, database):
    from django.db import connection

    from forestgis.tenancy.principal import Principal, transaction_as

    url: str | None = None
    seen: list[str] = []
    for _ in range(4):
        if url is None:
            answer = ask(
                "GetFeature", "prefecture", TYPENAMES="hardwood", COUNT="1", SORTBY="label"
            )
        else:
            params = dict(part.split("=", 1) for part in url.partition("?")[2].split("&"))
            params = {
                key: value
                for key, value in params.items()
                if key not in ("SERVICE", "VERSION", "REQUEST")
            }
            answer = ask("GetFeature", "prefecture", **params)
        tree = etree.fromstring(answer.content)
        seen += tree.xpath("//f:hardwood/@g:id", namespaces={"f": FOREST, "g": GML})
        # Rows move in the table between two pages.
        with transaction_as(Principal("prefecture", can_write=True)), connection.cursor() as cursor:
            cursor.execute("UPDATE surveys_zonevolume SET cover_pct = 50")
        url = tree.get("next")
        if url is None:
            break
    assert len(seen) == len(set(seen)) == 3


@pytest.mark.parametrize(
    ("request_name", "params"),
    [
        ("GetCapabilities", {}),
        ("GetFeature", {"TYPENAMES": "hardwood"}),
        ("GetFeature", {"TYPENAMES": "road"}),
        ("GetFeature", {"TYPENAMES": "mesh20m", "SRSNAME": "urn:ogc:def:crs:EPSG::6680"}),
        ("GetFeature", {"TYPENAMES": "hardwood", "RESULTTYPE": "hits"}),
        ("GetPropertyValue", {"TYPENAMES": "hardwood", "VALUEREFERENCE": "geom"}),
        ("ListStoredQueries", {}),
        ("DescribeStoredQueries", {}),
    ],
)
def test_answers_are_valid_by_the_official_schemas(ask, schema, request_name, params):
    document = etree.fromstring(ask(request_name, **params).content)
    assert schema.validate(document), schema.error_log


@pytest.mark.parametrize(
    ("params", "code", "locator"),
    [
        ({"TYPENAMES": "nothing"}, "InvalidParameterValue", "typeNames"),
        (
            {"TYPENAMES": "hardwood", "SRSNAME": "urn:ogc:def:crs:EPSG::2154"},
            "InvalidParameterValue",
            "srsName",
        ),
        ({"TYPENAMES": "hardwood", "COUNT": "many"}, "InvalidParameterValue", "count"),
        ({"TYPENAMES": "hardwood", "OUTPUTFORMAT": "zip"}, "InvalidParameterValue", "outputFormat"),
        ({"TYPENAMES": "hardwood", "FILTER": "<fes:Filter"}, "InvalidParameterValue", "filter"),
        (
            {"TYPENAMES": "hardwood", "FILTER": equal("owner", "x")},
            "InvalidParameterValue",
            "filter",
        ),
        ({"TYPENAMES": "hardwood", "SORTBY": "owner"}, "InvalidParameterValue", "filter"),
    ],
)
def test_mistakes_are_answered_with_an_exception_report(ask, params, code, locator):
    answer = ask("GetFeature", **params)
    assert answer.status_code == 400
    [exception] = etree.fromstring(answer.content)
    assert (exception.get("exceptionCode"), exception.get("locator")) == (code, locator)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><wfs:GetFeature xmlns:wfs="http://www.opengis.net/wfs/2.0">&a;</wfs:GetFeature>',
        b"<wfs:GetFeature>" + b" " * 1_100_000 + b"</wfs:GetFeature>",
        b"not xml",
    ],
)
def test_hostile_bodies_are_refused(address, world, body):
    answer = requests.post(f"{address}/wfs", data=body, auth=world.here, timeout=30)
    assert answer.status_code == 400
    assert b"ExceptionReport" in answer.content


def test_post_asks_the_same_as_get(address, world, rows):
    body = (
        f'<wfs:GetFeature xmlns:wfs="{WFS}" service="WFS" version="2.0.0" outputFormat="geojson">'
        f'<wfs:Query xmlns:forest="{FOREST}" typeNames="forest:hardwood">{equal("hardwood_m3ha", "123.4")}</wfs:Query>'
        "</wfs:GetFeature>"
    )
    answer = requests.post(f"{address}/wfs", data=body, auth=world.here, timeout=30)
    assert answer.json()["features"] == rows("hardwood", FILTER=equal("hardwood_m3ha", "123.4"))


def test_post_with_a_session(world, officer):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(officer("01560"))
    body = f'<wfs:GetCapabilities xmlns:wfs="{WFS}" service="WFS"/>'
    answer = client.post("/wfs", body, content_type="text/xml")
    assert answer.status_code == 200
    assert b"WFS_Capabilities" in answer.content


def test_feature_by_id(ask, rows):
    [feature] = rows("hardwood", FILTER=equal("hardwood_m3ha", "123.4"))
    query = "urn:ogc:def:query:OGC-WFS::GetFeatureById"
    found = ask("GetFeature", STOREDQUERY_ID=query, ID=feature["id"])
    assert b"<forest:hardwood_m3ha>123.4<" in found.content
    hidden = ask("GetFeature", "there", STOREDQUERY_ID=query, ID=feature["id"])
    assert hidden.status_code == 404


@pytest.mark.parametrize("name", VECTORS)
def test_every_layer_is_a_feature_type(ask, rows, name):
    [feature, *_] = rows(name)
    assert set(feature["properties"]) == {field.name for field in BY_NAME[name].fields}
    described = etree.fromstring(ask("DescribeFeatureType", TYPENAMES=name).content)
    assert described.xpath(f"//*[@name='{name}']")


def test_large_answers_keep_the_principal_to_the_last_row(address, world, database):
    """More rows than one chunk of the renderer: all of them are read before the transaction ends."""
    from django.db import connection

    from forestgis.tenancy.principal import Principal, transaction_as

    run = world.runs["own"]
    with transaction_as(Principal("prefecture", can_write=True)), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO surveys_meshcell (run_id, municipality_code, jf20mid, geom, hardwood_m3ha, conifer_m3ha, stratum)"
            " SELECT %s, '01560', 'x' || n, ST_MakeEnvelope(143.2, 44.25, 143.2002, 44.2502, 6668), 1, 1, 1"
            " FROM generate_series(1, 6000) AS n",
            [run],
        )
    params = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": "mesh20m"}
    for extra in ({"OUTPUTFORMAT": "geojson"}, {"OUTPUTFORMAT": "csv"}, {}):
        answer = requests.get(
            f"{address}/wfs", params={**params, **extra}, auth=world.here, timeout=60
        )
        assert answer.status_code == 200
        assert answer.content.count(run.encode()) == 6001


def test_boxes_reach_to_the_poles(rows):
    found = rows("hardwood", "prefecture", BBOX="-90,-180,90,180,urn:ogc:def:crs:EPSG::4326")
    assert len(found) == 3


def test_every_part_of_a_geometry_has_an_id_of_its_own(ask, schema, database):
    """Two parts in one 小班: ids in a document must be unique, which the schema checks."""
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry.models import Subcompartment
    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture", can_write=True)):
        sub = Subcompartment.objects.filter(municipality_id="01560", edition=2024).get()
        before = sub.geom
        apart = Polygon.from_bbox((143.1, 44.2, 143.101, 44.201))
        apart.srid = 6668
        sub.geom = MultiPolygon(before[0], apart, srid=6668)
        sub.save()
    document = etree.fromstring(ask("GetFeature", TYPENAMES="subcompartment").content)
    ids = document.xpath("//@g:id", namespaces={"g": GML})
    assert len(ids) == len(set(ids)) == 4
    assert schema.validate(document), schema.error_log
    with transaction_as(Principal("prefecture", can_write=True)):
        sub.geom = before
        sub.save()
