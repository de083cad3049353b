"""Roads written through OGC API - Features: create, replace, update, delete, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import requests
from pyproj import Transformer

HERE, THERE = "01560", "01559"
ROADS = "/ogc/collections/road/items"
LINE = [[143.01, 44.205], [143.02, 44.206]]


@pytest.fixture(scope="module")
def editors(world, municipality, organisation, make_user) -> dict[str, tuple[str, str]]:
    """Return credentials that may write: two officers here, one there, and others that may not."""
    from forestgis.accounts.principals import principal_of
    from forestgis.accounts.services import create_token
    from forestgis.tenancy.principal import acting_as

    def enter(user, scopes):
        with acting_as(principal_of(user)):
            return user.username, create_token(user, "edit", scopes=scopes, days=1).secret

    both = ["read", "edit"]
    officer = make_user(municipality(HERE), "municipal_officer")
    return {
        "here": enter(officer, both),
        "reading": enter(officer, ["read"]),
        "colleague": enter(make_user(municipality(HERE), "municipal_officer"), both),
        "there": enter(make_user(municipality(THERE), "municipal_officer"), both),
        "operator": enter(make_user(organisation("operator"), "operator"), ["read"]),
    }


@pytest.fixture
def send(address, editors) -> Callable[..., requests.Response]:
    """Return `send(method, path, editor, json, **headers)`."""

    def request(method: str, path: str = ROADS, who: str = "here", json=None, **headers: str):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers.setdefault("Content-Type", "application/geo+json")
        return requests.request(
            method, address + path, json=json, auth=editors[who], headers=headers, timeout=60,
            allow_redirects=False,
        )  # fmt: skip

    return request


def road(coordinates=LINE, **properties) -> dict:
    values = {"municipality_code": HERE, "name": "新線", "road_class": "strip_road", "width_m": 2.5}
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": coordinates},
        "properties": values | properties,
    }


@pytest.fixture
def made(send, address) -> str:
    """Path of a new road."""
    answer = send("POST", json=road())
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].removeprefix(address)


def stored(path: str):
    from forestgis.roads.models import Segment
    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture")):
        return Segment.objects.filter(pk=path.rpartition("/")[2]).first()


def test_a_road_is_created_read_changed_and_deleted(send, made):
    feature = send("GET", made).json()
    assert feature["properties"] == road()["properties"] | {"surface": ""}
    assert feature["geometry"]["coordinates"] == [LINE]
    assert send("PATCH", made, json={"properties": {"name": "改称"}}).status_code == 204
    assert stored(made).name == "改称"
    replaced = send("PUT", made, json=road([[143.01, 44.2], [143.03, 44.2]], name="", width_m=None))
    assert replaced.status_code == 204
    assert (stored(made).name, stored(made).width_m) == ("", None)
    assert stored(made).geom.coords == (((143.01, 44.2), (143.03, 44.2)),)
    assert send("DELETE", made).status_code == 204
    assert send("GET", made).status_code == 404
    assert send("DELETE", made).status_code == 404


@pytest.mark.parametrize(
    ("uri", "epsg", "north_first"),
    [("EPSG/0/4326", 4326, True), ("OGC/1.3/CRS84", 4326, False), ("EPSG/0/6680", 6680, True), ("EPSG/0/3857", 3857, False)],
)  # fmt: skip
def test_coordinates_are_read_in_the_order_of_content_crs(send, address, uri, epsg, north_first):
    move = Transformer.from_crs(6668, epsg, always_xy=True)
    points = [move.transform(*point) for point in LINE]
    sent = [list(point[::-1]) if north_first else list(point) for point in points]
    answer = send("POST", json=road(sent), Content_Crs=f"<http://www.opengis.net/def/crs/{uri}>")
    assert answer.status_code == 201, answer.text
    got = stored(answer.headers["Location"]).geom.coords[0]
    assert got[0] == pytest.approx(LINE[0], abs=1e-9)
    assert got[1] == pytest.approx(LINE[1], abs=1e-9)


def test_writes_are_in_the_history_of_the_record(send, made, editors):
    from forestgis.accounts.models import User
    from forestgis.audit.selectors import history_of
    from forestgis.tenancy.principal import Principal, transaction_as

    send("PATCH", made, json={"properties": {"width_m": 3.0}})
    with transaction_as(Principal("prefecture")):
        latest, first = history_of("roads_segment", made.rpartition("/")[2])
        user = User.objects.get(username=editors["here"][0])
    assert (first.action, latest.action) == ("insert", "update")
    assert latest.user_id == user.pk
    assert Decimal(str(latest.after["width_m"])) == 3


def test_if_match_forbids_to_change_what_has_changed(send, made):
    before = send("GET", made).headers["ETag"]
    other = f"{made}?crs=http://www.opengis.net/def/crs/EPSG/0/6680"
    assert send("GET", other).headers["ETag"] == before
    changed = send("PATCH", made, json={"properties": {"name": "甲"}}, If_Match=before)
    assert changed.status_code == 204
    assert changed.headers["ETag"] == send("GET", made).headers["ETag"] != before
    for method, body in (
        ("PATCH", {"properties": {"name": "乙"}}),
        ("PUT", road()),
        ("DELETE", None),
    ):
        assert send(method, made, json=body, If_Match=before).status_code == 412
    assert stored(made).name == "甲"
    assert send("DELETE", made, If_Match="*").status_code == 204


def test_without_if_match_another_persons_fresh_change_is_not_overwritten(send, made):
    renamed = {"properties": {"name": "丙"}}
    refused = send("PATCH", made, "colleague", json=renamed)
    assert refused.status_code == 428
    assert "If-Match" in refused.json()["detail"]
    known = send("GET", made, "colleague").headers["ETag"]
    assert send("PATCH", made, "colleague", json=renamed, If_Match=known).status_code == 204
    assert send("DELETE", made).status_code == 428


def test_the_requests_of_qgis(send, made, address):
    """What QGIS 3.40 sends on saving: all attributes, latitude first, no If-Match, geometry and values apart."""
    axes = {"Content_Crs": "<http://www.opengis.net/def/crs/EPSG/0/4326>"}
    sent = road([[44.201, 143.011], [44.202, 143.012]]) | {"id": made.rpartition("/")[2]}
    sent["properties"]["surface"] = None
    assert "PUT" in send("OPTIONS", made).headers["Allow"]
    assert send("PUT", made, json=sent, **axes).status_code == 204
    sent["properties"]["name"] = "改称"
    assert send("PUT", made, json=sent, **axes).status_code == 204
    after = stored(made)
    assert (after.name, after.geom.coords) == ("改称", (((143.011, 44.201), (143.012, 44.202)),))
    added = send("POST", json=sent, **axes).headers["Location"].removeprefix(address)
    assert stored(added).geom.coords == after.geom.coords
    assert send("DELETE", made).status_code == 204
    assert stored(made) is None


@pytest.mark.parametrize("who", ["reading", "operator"])
def test_who_may_not_write_is_told_so_and_offered_nothing(send, made, who):
    for method, path, body in (
        ("POST", ROADS, road()), ("PUT", made, road()), ("PATCH", made, {"properties": {}}), ("DELETE", made, None),
    ):  # fmt: skip
        assert send(method, path, who, json=body).status_code == 403
    assert "POST" not in send("OPTIONS", ROADS, who).headers["Allow"]
    assert stored(made) is not None


def test_another_municipalitys_roads_are_not_written(send, address, world, get):
    assert send("POST", who="there", json=road()).status_code == 403
    public = get(ROADS, "there", filter="road_class = 'public_road'").json()["features"][0]["id"]
    before = stored(f"{ROADS}/{public}")
    for method, body in (("PATCH", {"properties": {"name": "x"}}), ("DELETE", None)):
        assert send(method, f"{ROADS}/{public}", json=body).status_code == 403
    hidden = get(ROADS, "there", filter="name = '作業道'").json()["features"][0]["id"]
    assert send("PATCH", f"{ROADS}/{hidden}", json={"properties": {"name": "x"}}).status_code == 404
    assert stored(f"{ROADS}/{public}").name == before.name


def test_options_say_what_may_be_done(send, made):
    assert "POST" in send("OPTIONS").headers["Allow"]
    assert {"PUT", "PATCH", "DELETE"} <= set(send("OPTIONS", made).headers["Allow"].split(", "))
    assert "POST" not in send("OPTIONS", "/ogc/collections/hardwood/items").headers["Allow"]
    refused = send("POST", "/ogc/collections/hardwood/items", json=road())
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("feature", "status", "named"),
    [
        (road(road_class="motorway"), 422, "road_class"),
        (road(width_m=12345.67), 422, "width_m"),
        (road(width_m="wide"), 422, "width_m"),
        (road(name="x" * 81), 422, "name"),
        (road(municipality_code="99999"), 422, "municipality"),
        (road([[44.205, 143.01], [44.206, 143.02]]), 422, "geom"),
        (road([[143.01, 44.205]]), 400, "geom"),
        (road([[143.01, 44.205], [143.01, 44.205]]), 400, "geom"),
        (road() | {"geometry": None}, 422, "geom"),
        (road() | {"geometry": {"type": "Point", "coordinates": [143.01, 44.2]}}, 422, "geom"),
        (road() | {"geometry": {"type": "LineString", "coordinates": "x"}}, 400, "geom"),
        (road(owner="x"), 400, "owner"),
    ],
)  # fmt: skip
def test_mistakes_name_the_field_and_store_nothing(send, feature, status, named):
    from forestgis.roads.models import Segment
    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture")):
        before = Segment.objects.count()
    answer = send("POST", json=feature)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem.get("field") == named or named in str(problem.get("fields"))
    with transaction_as(Principal("prefecture")):
        assert Segment.objects.count() == before


def test_what_is_declared_writable_has_an_editor():
    from forestgis.maps.catalogue import LAYERS
    from forestgis.maps.editors import EDITORS
    from forestgis.roads.editing import FIELDS

    writable = {layer.name: layer.writable for layer in LAYERS if layer.writable}
    assert writable == {"road": FIELDS}
    assert set(EDITORS) == set(writable)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[1]", {}, 400),
        (b'{"type": "FeatureCollection", "features": []}', {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {"Content-Type": "text/xml"}, 415),
        (b'{"x": "' + b"x" * 2_100_000 + b'"}', {}, 413),
        (b"{}", {"Content-Crs": "<http://example.org/crs>"}, 400),
    ],
)
def test_bodies_that_cannot_be_read(address, editors, body, headers, status):
    if headers.get("Content-Crs"):
        body = b'{"geometry": {"type": "Point", "coordinates": [1, 2]}}'
    answer = requests.post(
        address + ROADS,
        data=body,
        auth=editors["here"],
        headers={"Content-Type": "application/geo+json", **headers},
        timeout=60,
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_session_needs_the_csrf_token(database, officer):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(officer(HERE))
    assert client.post(ROADS, road(), content_type="application/geo+json").status_code == 403
