"""OGC API - Features Part 1 (17-069r4, Annex A), classes Core, GeoJSON, HTML and OpenAPI 3.0."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from forestgis.maps.catalogue import LAYERS

VECTORS = [layer.name for layer in LAYERS if not layer.is_raster]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"


def links(document: dict, rel: str) -> list[dict]:
    return [link for link in document["links"] if link["rel"] == rel]


def follow(api, address, link: dict):
    return api(link["href"].removeprefix(f"{address}/ogc"))


def test_landing_page(api):
    answer = api("/")
    assert answer.status_code == 200
    document = answer.json()
    for rel in ("self", "alternate", "service-desc", "service-doc", "conformance", "data"):
        assert links(document, rel), rel
        assert all(link["type"] for link in links(document, rel))


def test_every_link_of_the_landing_page_answers(api, get, address):
    for link in api("/").json()["links"]:
        answer = get(link["href"].removeprefix(address), "prefecture")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] == link["type"].partition(";")[0]


def test_api_definition_is_valid_openapi_30(api):
    document = api("/api").json()
    assert document["openapi"].startswith("3.0")
    validate(document)


def test_conformance_declaration(api):
    assert CORE in api("/conformance").json()["conformsTo"]


def test_collections(api):
    document = api("/collections").json()
    assert links(document, "self")
    assert links(document, "alternate")
    assert [entry["id"] for entry in document["collections"]] == VECTORS[::-1]


@pytest.mark.parametrize("name", VECTORS)
def test_collection_content_equals_that_in_collections(api, name):
    document = api(f"/collections/{name}").json()
    [listed] = [c for c in api("/collections").json()["collections"] if c["id"] == name]
    assert {k: v for k, v in document.items() if k != "links"} == {
        k: v for k, v in listed.items() if k != "links"
    }
    assert {link["type"] for link in links(document, "items")} == {"application/geo+json"}
    west, south, east, north = document["extent"]["spatial"]["bbox"][0]
    assert west < east
    assert south < north


def test_items_response(api):
    answer = api("/collections/hardwood/items")
    assert answer.headers["Content-Type"] == "application/geo+json"
    document = answer.json()
    assert document["type"] == "FeatureCollection"
    assert len(document["features"]) == document["numberReturned"] <= document["numberMatched"]
    assert document["timeStamp"].endswith("Z")
    assert {link["type"] for link in links(document, "self")} == {"application/geo+json"}
    assert {link["type"] for link in links(document, "alternate")} == {"text/html"}


def test_limit(api):
    for limit in (1, 2, 10_000, 1_000_000):
        document = api("/collections/hardwood/items", limit=str(limit)).json()
        assert document["numberReturned"] == min(limit, 3)
        assert bool(links(document, "next")) == (limit < 3)


@pytest.mark.parametrize("parameter", ["limit", "bbox", "datetime"])
def test_invalid_values_are_400(api, parameter):
    assert api("/collections/hardwood/items", **{parameter: "x"}).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/", "/conformance", "/api", "/collections", "/collections/hardwood", "/collections/hardwood/items"],
)  # fmt: skip
def test_unknown_parameters_are_400(api, path):
    assert api(path, unknownParameter="42").status_code == 400


def test_unknown_collections_and_features_are_404(api):
    assert api("/collections/nothing").status_code == 404
    assert api("/collections/nothing/items").status_code == 404
    assert api("/collections/hardwood/items/987654321").status_code == 404


def test_single_feature(api, address):
    [feature, *_] = api("/collections/hardwood/items", limit="1").json()["features"]
    answer = api(f"/collections/hardwood/items/{feature['id']}")
    document = answer.json()
    assert answer.headers["Content-Type"] == "application/geo+json"
    assert document["properties"] == feature["properties"]
    for rel in ("self", "alternate", "collection"):
        assert links(document, rel), rel
    assert follow(api, address, links(document, "collection")[0]).json()["id"] == "hardwood"


def test_geojson_is_longitude_first(api):
    for feature in api("/collections/hardwood/items").json()["features"]:
        lon, lat = feature["geometry"]["coordinates"][0][0][0]
        assert 139 < lon < 149
        assert 41 < lat < 46


@pytest.mark.parametrize("name", VECTORS)
def test_queryables_are_a_valid_schema(api, name):
    answer = api(f"/collections/{name}/queryables")
    assert answer.headers["Content-Type"] == "application/schema+json"
    document = answer.json()
    Draft202012Validator.check_schema(document)
    assert document["type"] == "object"
    assert document["$id"].endswith(f"/collections/{name}/queryables")


def test_other_methods_are_405(address, world):
    import requests

    for method in ("PUT", "PATCH", "DELETE", "TRACE"):
        answer = requests.request(
            method, f"{address}/ogc/collections/hardwood/items", auth=world.prefecture, timeout=30
        )
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
