"""OGC API - Features Part 3 (19-079r2, Annex A): queryables, filter, features filter; CQL2 classes as declared.

What each operator of CQL2 finds is tested in `tests/tiles/test_cql2.py`.
"""

from __future__ import annotations

import pytest

CLASSES = {
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/" + name
    for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
} | {
    "http://www.opengis.net/spec/cql2/1.0/conf/" + name
    for name in ("cql2-text", "cql2-json", "basic-cql2", "basic-spatial-functions")
}


def test_classes_are_declared(api):
    assert set(api("/conformance").json()["conformsTo"]) >= CLASSES


def test_every_collection_links_its_queryables(api, get, address):
    for collection in api("/collections").json()["collections"]:
        [href] = [
            link["href"] for link in collection["links"] if link["rel"].endswith("/queryables")
        ]
        assert get(href.removeprefix(address), "prefecture").json()["$id"] == href


def test_every_queryable_can_be_filtered_by(api):
    for name, schema in api("/collections/hardwood/queryables").json()["properties"].items():
        text = f'"{name}" IS NULL OR NOT "{name}" IS NULL'
        found = api("/collections/hardwood/items", filter=text).json()
        assert found["numberMatched"] == 3, (name, schema)


def test_queryables_are_query_parameters(api):
    for name in api("/collections/hardwood/queryables").json()["properties"]:
        assert name == "geom" or f'"name": "{name}"' in api("/api").text


def test_filter_lang_default_is_text(api):
    document = api("/api").json()["components"]["parameters"]["filter-lang"]["schema"]
    assert document["default"] == "cql2-text"
    assert set(document["enum"]) == {"cql2-text", "cql2-json"}


def test_filter_holds_together_with_other_parameters(api):
    box = "142.99,44.19,143.02,44.21"
    both = api("/collections/hardwood/items", filter="hardwood_m3ha > 0", bbox=box).json()
    assert [f["properties"]["hardwood_m3ha"] for f in both["features"]] == [123.4]
    neither = api("/collections/hardwood/items", filter="hardwood_m3ha > 200", bbox=box).json()
    assert neither["features"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "unknown = 1"},
        {"filter": "hardwood_m3ha >"},
        {"filter": "{", "filter-lang": "cql2-json"},
        {"filter": "hardwood_m3ha > 1", "filter-lang": "x"},
        {"filter": "hardwood_m3ha > 1", "filter-crs": "x"},
    ],
)
def test_invalid_filters_are_400(api, query):
    assert api("/collections/hardwood/items", **query).status_code == 400
