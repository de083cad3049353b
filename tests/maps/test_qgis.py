"""QGIS itself, headless, with user name and token (`script/test-qgis` installs it)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from pyproj import Transformer

from forestgis.maps.catalogue import BY_NAME, LAYERS

CLIENT = Path(__file__).with_name("qgis_client.py")
pytestmark = pytest.mark.skipif(
    not Path("/usr/lib/python3/dist-packages/qgis/core").is_dir(),
    reason="Debian's python3-qgis is not installed: script/test-qgis installs it",
)
AUTHCFG = "forestg"
MANY = 12_000


@pytest.fixture
def qgis(address, world):
    """Return `qgis(action, reader, **asked)`: what the action found."""

    def act(action: str, reader: str = "prefecture", credentials=None, **asked):
        user, token = credentials or getattr(world, reader)
        asked = {"address": address, "user": user, "token": token, **asked}
        done = subprocess.run(
            ["/usr/bin/python3", str(CLIENT), action, json.dumps(asked)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        lines = done.stdout.strip().splitlines()
        assert lines, f"exit {done.returncode}: {done.stderr[-3000:]}"
        return json.loads(lines[-1])

    return act


@pytest.mark.parametrize("provider", ["WFS", "OAPIF"])
def test_features_are_the_readers_own_and_shared_ones(qgis, world, provider):
    found = qgis("read", "here", provider=provider, layer="hardwood")
    assert found["valid"]
    assert set(found["first"]) == {world.runs["own"], world.runs["shared"]}
    names = {field.name for field in BY_NAME["hardwood"].fields}
    assert names <= set(found["fields"])


def test_a_layer_in_a_plane_zone_lies_where_it_should(qgis):
    found = qgis(
        "read", provider="WFS", layer="hardwood", srs="EPSG:6680", key="hardwood_m3ha", keep=1,
    )  # fmt: skip
    assert found["crs"] == "EPSG:6680"
    corners = [
        Transformer.from_crs(6668, 6680, always_xy=True).transform(143.0 + column * 0.005, 44.2)
        for column in (0, 8, 10)
    ]
    assert any(found["corner"] == pytest.approx(corner, abs=60) for corner in corners)


@pytest.fixture(scope="module")
def many(world, database) -> None:
    """More mesh cells than any page holds."""
    from django.db import connection

    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture", can_write=True)), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO surveys_meshcell (run_id, municipality_code, jf20mid, geom, hardwood_m3ha, conifer_m3ha, stratum)"
            " SELECT %s, '01560', 'x' || n,"
            " ST_Translate(ST_MakeEnvelope(143.0, 44.1, 143.0002, 44.1002, 6668), n %% 100 * 0.0002, n / 100 * 0.0002), 1, 1, 1"
            f" FROM generate_series(1, {MANY}) AS n",
            [world.runs["own"]],
        )


@pytest.mark.parametrize("provider", ["WFS", "OAPIF"])
def test_pages_of_many_features_come_whole_and_once(qgis, many, provider):
    found = qgis("read", "here", provider=provider, layer="mesh20m", key="jf20mid")
    assert found["count"] == found["distinct"] == MANY + 2


@pytest.mark.parametrize("provider", ["WFS", "OAPIF"])
def test_a_box_is_asked_of_the_server(qgis, many, provider):
    box = [143.0001, 44.1001, 143.0019, 44.1019]
    found = qgis("read", "here", provider=provider, layer="mesh20m", key="jf20mid", box=box)
    assert found["count"] == found["distinct"]
    assert 81 <= found["count"] <= 121


@pytest.mark.parametrize("epsg", [3857, 4326, 6680])
def test_pictures_and_what_is_there(qgis, epsg):
    change = Transformer.from_crs(6668, epsg, always_xy=True)
    west, south = change.transform(142.995, 44.195)
    east, north = change.transform(143.01, 44.21)
    found = qgis("draw", layer="hardwood", epsg=epsg, box=[west, south, east, north])
    assert found["valid"]
    assert found["colours"] >= 2
    assert "123.4" in "".join(found["found"])


@pytest.fixture
def project(get, tmp_path):
    """Path of the reader's project."""

    def load(reader: str) -> Path:
        path = tmp_path / "forestgis.qgz"
        path.write_bytes(get("/maps/forestgis.qgz", reader, authcfg=AUTHCFG).content)
        return path

    return load


def test_the_project_opens_with_every_layer_styled_and_readable(qgis, project):
    change = Transformer.from_crs(6668, 3857, always_xy=True)
    box = [*change.transform(142.995, 44.195), *change.transform(143.01, 44.21)]
    found = qgis("project", path=str(project("prefecture")), draw=["hardwood"], box=box)
    assert found["done"]
    assert found["invalid"] == []
    assert found["layers"] == sorted(layer.name for layer in LAYERS)
    assert (
        sorted(name for members in found["groups"].values() for name in members) == found["layers"]
    )
    assert set(found["groups"]) == {layer.group.ja for layer in LAYERS}
    for layer in LAYERS:
        if layer.is_raster:
            continue
        assert found["legend"][layer.name] == [entry.label.ja for entry in layer.style.classes]
        labels = {f"{f.label.ja} ({f.unit})" if f.unit else f.label.ja for f in layer.fields}
        assert labels <= set(found["aliases"][layer.name])
        expected = {field.name for field in layer.fields} - set(layer.writable)
        assert expected <= set(found["read_only"][layer.name])
        assert (layer.name in found["labelled"]) == (layer.style.label is not None)
    assert found["widgets"]["road"]["road_class"] == "ValueMap"
    assert found["colours"] >= 2


@pytest.mark.parametrize("name", [layer.name for layer in LAYERS if not layer.is_raster])
def test_styles_load_as_qml(qgis, get, tmp_path, name):
    path = tmp_path / f"{name}.qml"
    path.write_bytes(get(f"/maps/style/{name}.qml", "prefecture").content)
    found = qgis("style", provider="OAPIF", layer=name, path=str(path))
    assert found["done"], found["message"]
    assert found["legend"] == [entry.label.ja for entry in BY_NAME[name].style.classes]


def test_editing(qgis, municipality, make_user):
    from forestgis.accounts.principals import principal_of
    from forestgis.accounts.services import create_token
    from forestgis.roads.models import Segment
    from forestgis.tenancy.principal import Principal, acting_as, transaction_as

    user = make_user(municipality("01560"), "municipal_officer")
    with acting_as(principal_of(user)):
        token = create_token(user, "edit", scopes=["read", "edit"], days=1).secret
    found = qgis("edit", credentials=(user.username, token), name="滝西林道")
    if "committed" not in found:
        pytest.skip(f"this QGIS reads OGC API - Features only: {found['can']}")
    assert found["committed"], found["errors"]
    with transaction_as(Principal("prefecture")):
        roads = {road.name: road.geom for road in Segment.objects.filter(municipality="01560")}
    assert set(roads) == {"QGISで改称", "QGISで追加"}
    assert roads["QGISで追加"].equals_exact(roads["QGISで改称"], 1e-8)
