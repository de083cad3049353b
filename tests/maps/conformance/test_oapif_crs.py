"""OGC API - Features Part 2 (18-058, Annex A): coordinate systems by reference."""

from __future__ import annotations

import pytest
from pyproj import CRS, Transformer

BASE = "http://www.opengis.net/def/crs/"
CRS84 = f"{BASE}OGC/1.3/CRS84"


@pytest.fixture
def collection(api) -> dict:
    return api("/collections/hardwood").json()


def test_crs_list_holds_the_default_and_uris_alone(collection):
    assert CRS84 in collection["crs"]
    assert all(uri.startswith(BASE) for uri in collection["crs"])


def test_storage_crs_is_one_of_the_list(collection):
    assert collection["storageCrs"] == f"{BASE}EPSG/0/6668"
    assert collection["storageCrs"] in collection["crs"]


def test_default_is_crs84(api):
    answer = api("/collections/hardwood/items")
    assert answer.headers["Content-Crs"] == f"<{CRS84}>"


def test_every_listed_crs_is_answered_with_its_own_axes(api, collection):
    [feature, *_] = api("/collections/hardwood/items").json()["features"]
    lon, lat = feature["geometry"]["coordinates"][0][0][0]
    for uri in collection["crs"]:
        path = f"/collections/hardwood/items/{feature['id']}"
        answer = api(path, crs=uri)
        assert answer.headers["Content-Crs"] == f"<{uri}>"
        got = answer.json()["geometry"]["coordinates"][0][0][0]
        # Without always_xy pyproj gives the axes in the order of the authority.
        name = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rpartition('/')[2]}"
        expected = Transformer.from_crs("OGC:CRS84", CRS(name)).transform(lon, lat)
        unit = 1e-9 if CRS(name).is_geographic else 1e-4
        assert got == pytest.approx(expected, abs=1.5 * unit, rel=1e-12), uri


def test_the_collection_is_transformed_too(api):
    uri = f"{BASE}EPSG/0/6680"
    answer = api("/collections/hardwood/items", crs=uri)
    assert answer.headers["Content-Crs"] == f"<{uri}>"
    northing, easting = answer.json()["features"][0]["geometry"]["coordinates"][0][0][0]
    assert abs(northing) < 200_000
    assert abs(easting) < 300_000


@pytest.mark.parametrize("parameter", ["crs", "bbox-crs"])
@pytest.mark.parametrize("value", ["EPSG:9999", "x", f"{BASE}EPSG/0/32654", ""])
def test_invalid_values_are_400(api, parameter, value):
    query = {parameter: value, "bbox": "143,44,144,45"}
    assert api("/collections/hardwood/items", **query).status_code == 400


def test_bbox_crs_gives_the_same_features_as_the_default(api, collection):
    lon, lat = (143.001, 143.002), (44.201, 44.202)
    expected = api(
        "/collections/hardwood/items", bbox=f"{lon[0]},{lat[0]},{lon[1]},{lat[1]}"
    ).json()
    assert expected["numberReturned"] == 1
    for uri in collection["crs"]:
        if uri[-4:] in ("6680", "4326", "6668", "3857", "CRS84"):
            name = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rpartition('/')[2]}"
            change = Transformer.from_crs("OGC:CRS84", CRS(name))
            low = change.transform(lon[0], lat[0])
            high = change.transform(lon[1], lat[1])
            box = ",".join(map(repr, (*low, *high)))
            found = api("/collections/hardwood/items", bbox=box, **{"bbox-crs": uri}).json()
            assert found["features"] == expected["features"], uri
