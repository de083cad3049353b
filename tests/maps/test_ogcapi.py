"""OGC API - Features with requests: pages, filters, coordinate systems, mistakes, and who sees what."""

from __future__ import annotations

import json
import subprocess

import pytest
import requests
from openapi_spec_validator import validate
from pyproj import Transformer

from forestgis.maps.catalogue import LAYERS

VECTORS = [layer.name for layer in LAYERS if not layer.is_raster]
CRS = "http://www.opengis.net/def/crs/"


@pytest.fixture
def ask(get):
    """Return `ask(path, reader, **query)`: the answer under /ogc."""

    def send(path: str = "/", reader: str = "here", **query: str) -> requests.Response:
        return get(f"/ogc{path}", reader, **query)

    return send


@pytest.fixture
def features(ask):
    """Return the features of a collection."""

    def read(name: str, reader: str = "here", **query: str) -> list[dict]:
        answer = ask(f"/collections/{name}/items", reader, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["features"]

    return read


@pytest.mark.parametrize(
    ("reader", "runs"),
    [
        ("here", {"own", "shared"}),
        ("there", {"shared", "theirs"}),
        ("prefecture", {"own", "shared", "theirs"}),
        ("operator", set()),
    ],
)
@pytest.mark.parametrize("layer", ["hardwood", "mesh20m"])
def test_features_are_the_readers_own_and_shared_ones(features, ask, world, layer, reader, runs):
    found = features(layer, reader)
    assert {feature["properties"]["run"] for feature in found} == {world.runs[n] for n in runs}
    answer = ask(f"/collections/{layer}/items", reader).json()
    assert answer["numberMatched"] == answer["numberReturned"] == len(runs)


def test_one_feature_of_another_municipality_is_not_there(ask, features):
    [theirs] = features("hardwood", "there", filter="label LIKE '%' AND hardwood_m3ha = 210.9")
    path = f"/collections/hardwood/items/{theirs['id']}"
    assert ask(path, "there").json()["properties"] == theirs["properties"]
    hidden = ask(path, "here")
    assert hidden.status_code == 404
    assert hidden.headers["Content-Type"] == "application/problem+json"


def test_hidden_collections_are_unknown(ask):
    assert ask("/collections/subcompartment", "operator").status_code == 404
    assert ask("/collections/subcompartment/items", "operator").status_code == 404
    listed = ask("/collections", "operator").json()["collections"]
    assert "subcompartment" not in [entry["id"] for entry in listed]


def test_nobody_is_asked_for_credentials(ask):
    for path in ("", "/", "/collections", "/collections/hardwood/items"):
        answer = ask(path, None)
        assert answer.status_code == 401
        assert "Basic" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("sortby", [None, "label", "-hardwood_m3ha", "register_hardwood_m3ha,-run"])
def test_pages_walk_all_features_once_while_rows_move(ask, get, address, sortby, database):
    from django.db import connection

    from forestgis.tenancy.principal import Principal, transaction_as

    query = {"limit": "1", **({"sortby": sortby} if sortby else {})}
    answer, seen = ask("/collections/hardwood/items", "prefecture", **query).json(), []
    for _ in range(5):
        seen += [feature["properties"] for feature in answer["features"]]
        with transaction_as(Principal("prefecture", can_write=True)), connection.cursor() as cursor:
            cursor.execute("UPDATE surveys_zonevolume SET cover_pct = 50")
        following = [link["href"] for link in answer["links"] if link["rel"] == "next"]
        if not following:
            break
        answer = get(following[0].removeprefix(address), "prefecture").json()
    assert len(seen) == len({properties["run"] for properties in seen}) == 3
    if sortby == "-hardwood_m3ha":
        assert [properties["hardwood_m3ha"] for properties in seen] == [210.9, 123.4, 45.6]


@pytest.mark.parametrize(
    ("query", "volumes"),
    [
        ({"filter": "hardwood_m3ha > 100"}, {123.4, 210.9}),
        ({"filter": '{"op":"<","args":[{"property":"hardwood_m3ha"},100]}', "filter-lang": "cql2-json"}, {45.6}),
        ({"filter": "run = 'x' OR calibrated"}, {123.4}),
        ({"hardwood_m3ha": "123.4"}, {123.4}),
        ({"calibrated": "false", "hardwood_m3ha": "45.6"}, {45.6}),
        ({"scanned_on": "2026-06-01"}, {123.4, 45.6, 210.9}),
        ({"datetime": "2026-06-01"}, {123.4, 45.6, 210.9}),
        ({"datetime": "2026-06-01T10:00:00Z"}, {123.4, 45.6, 210.9}),
        ({"datetime": "2026-06-02/.."}, set()),
        ({"datetime": "/2026-06-01"}, {123.4, 45.6, 210.9}),
        ({"bbox": "143.001,44.201,143.002,44.202"}, {123.4}),
        ({"bbox": "143.001,44.201,-10,143.002,44.202,900"}, {123.4}),
        ({"bbox": "143.001,44.201,143.001,44.201"}, {123.4}),
        ({"bbox": "-170,40,-160,50"}, set()),
        ({"bbox": "143.03,40,-160,50"}, {210.9, 45.6}),
        ({"bbox": "-180,-90,180,90"}, {123.4, 45.6, 210.9}),
        ({"bbox": "44.201,143.001,44.202,143.002", "bbox-crs": f"{CRS}EPSG/0/4326"}, {123.4}),
        ({"filter": "S_INTERSECTS(geom, POINT(44.201 143.001))", "filter-crs": f"{CRS}EPSG/0/6668"}, {123.4}),
    ],
)  # fmt: skip
def test_selections(features, query, volumes):
    found = features("hardwood", "prefecture", **query)
    assert {feature["properties"]["hardwood_m3ha"] for feature in found} == volumes


def test_a_box_in_a_plane_zone_is_found_where_it_lies(features):
    x, y = Transformer.from_crs(6668, 6680, always_xy=True).transform(143.0025, 44.2025)
    box = f"{y - 10},{x - 10},{y + 10},{x + 10}"
    query = {"bbox": box, "bbox-crs": f"{CRS}EPSG/0/6680"}
    [found] = features("hardwood", "prefecture", **query)
    assert found["properties"]["hardwood_m3ha"] == 123.4


def test_only_what_is_asked_for_is_given(features):
    [feature, *_] = features("hardwood", properties="label,run", skipGeometry="true")
    assert set(feature["properties"]) == {"label", "run"}
    assert feature["geometry"] is None


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"owner": "x"}, "owner"),
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,2,3,nan"}, "bbox"),
        ({"bbox": "1,5,3,2"}, "bbox"),
        ({"bbox": "44,143,43,142", "bbox-crs": f"{CRS}EPSG/0/4326"}, "bbox"),
        ({"bbox-crs": "EPSG:2154"}, "bbox-crs"),
        ({"crs": f"{CRS}EPSG/0/2154"}, "crs"),
        ({"filter-crs": "x"}, "filter-crs"),
        ({"datetime": "yesterday"}, "datetime"),
        ({"datetime": ".."}, "datetime"),
        ({"datetime": "2026-01-01/2026-02-01/2026-03-01"}, "datetime"),
        ({"filter": "owner = 1"}, "filter"),
        ({"filter": "NOT " * 1000 + "calibrated"}, "filter"),
        ({"filter-lang": "sql"}, "filter-lang"),
        ({"sortby": "owner"}, "sortby"),
        ({"properties": "owner"}, "properties"),
        ({"skipGeometry": "perhaps"}, "skipGeometry"),
        ({"hardwood_m3ha": "x"}, "hardwood_m3ha"),
        ({"scanned_on": "x"}, "scanned_on"),
        ({"cursor": "x"}, "cursor"),
        ({"f": "exe"}, "f"),
    ],
)
def test_mistakes_are_problem_documents_that_name_the_parameter(ask, query, parameter):
    answer = ask("/collections/hardwood/items", **query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["parameter"] == parameter
    assert problem["detail"]


def test_a_cursor_is_good_for_its_layer_and_selection_alone(ask):
    page = ask("/collections/hardwood/items", limit="1", sortby="label").json()
    [following] = [link["href"] for link in page["links"] if link["rel"] == "next"]
    cursor = requests.utils.unquote(following.partition("cursor=")[2].partition("&")[0])
    assert ask("/collections/hardwood/items", cursor=cursor, sortby="label").status_code == 200
    for path, query in (
        ("/collections/conifer/items", {"sortby": "label"}),
        ("/collections/hardwood/items", {"sortby": "run"}),
        ("/collections/hardwood/items", {"sortby": "label", "filter": "calibrated"}),
    ):
        answer = ask(path, cursor=cursor, **query)
        assert (answer.status_code, answer.json()["parameter"]) == (400, "cursor")


def test_the_api_definition_is_valid_openapi_and_refers_to_nothing_outside(ask):
    answer = ask("/api")
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    validate(document)
    assert '"$ref": "http' not in answer.text
    assert set(document["paths"]["/collections/road/items/{featureId}"]) == {
        *("get", "put", "patch", "delete")
    }
    limit = document["components"]["parameters"]["limit"]["schema"]
    assert (limit["minimum"], limit["default"], limit["maximum"]) == (1, 1000, 10_000)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/conformance",
        "/api",
        "/collections",
        "/collections/hardwood",
        "/collections/hardwood/queryables",
        "/collections/hardwood/items",
    ],
)
def test_people_get_pages(ask, path):
    page = ask(path, f="html")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<h1>" in page.text
    by_accept = ask(path, headers={"Accept": "text/html,*/*;q=0.1"})
    assert by_accept.headers["Content-Type"].startswith("text/html")


def test_pages_for_people_are_in_their_language(ask):
    path = "/collections/hardwood/items"
    japanese = ask(path, f="html", headers={"Accept-Language": "ja"}).text
    english = ask(path, f="html", headers={"Accept-Language": "en"}).text
    assert "小班別 広葉樹材積" in japanese
    assert "<td>はい</td>" in japanese
    assert "Hardwood volume by subcompartment" in english
    assert "<td>Yes</td>" in english
    assert "True" not in english


def test_gdal_reads_pages_types_and_filters(address, world, tmp_path):
    user, token = world.prefecture
    out = tmp_path / "out.geojson"
    subprocess.run(
        ["ogr2ogr", "-oo", f"USERPWD={user}:{token}", "-oo", "PAGE_SIZE=1", "-f", "GeoJSON", out,
         f"OAPIF:{address}/ogc", "hardwood", "-where", "municipality_code='01560'"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    [feature] = json.loads(out.read_text())["features"]
    assert feature["properties"]["municipality_code"] == "01560"
    assert feature["properties"]["hardwood_m3ha"] == 123.4
    assert feature["geometry"]["coordinates"][0][0][0][0] == pytest.approx(143.0)


@pytest.mark.parametrize("name", VECTORS)
def test_every_layer_is_a_collection_with_features(features, ask, name):
    [feature, *_] = features(name)
    described = ask(f"/collections/{name}/queryables").json()["properties"]
    assert {*feature["properties"], "geom"} == set(described)
