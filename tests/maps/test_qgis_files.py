"""Style files and project for QGIS, looked at without it."""

from __future__ import annotations

import io
import zipfile

import pytest
from lxml import etree

from forestgis.maps.catalogue import LAYERS

VECTORS = [layer for layer in LAYERS if not layer.is_raster]


@pytest.mark.parametrize("reader", ["operator", "here"])
def test_the_project_holds_the_readers_layers_and_no_credentials(get, world, reader):
    answer = get("/maps/forestgis.qgz", reader)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        text = archive.read("forestgis.qgs").decode()
    names = {
        node.text.removeprefix("forestgis_")
        for node in etree.fromstring(text.encode()).iterfind(".//maplayer/id")
    }
    open_to = {"operator": ("public",), "here": ("public", "municipal")}[reader]
    assert names == {layer.name for layer in LAYERS if layer.sharing in open_to}
    for secret in getattr(world, reader):
        assert secret not in text
    assert "authcfg" not in text


def test_a_named_authentication_is_used_and_nothing_else_gets_in(get):
    archive = zipfile.ZipFile(io.BytesIO(get("/maps/forestgis.qgz", authcfg="abc1234").content))
    text = archive.read("forestgis.qgs").decode()
    assert text.count("authcfg='abc1234'") == 2 * len(VECTORS)
    assert get("/maps/forestgis.qgz", authcfg="a' url='http://example.org").status_code == 400


@pytest.mark.parametrize("layer", VECTORS, ids=lambda layer: layer.name)
def test_style_files_hold_classes_labels_and_units(get, layer):
    answer = get(f"/maps/style/{layer.name}.qml", "prefecture")
    document = etree.fromstring(answer.content)
    assert [rule.get("label") for rule in document.iter("rule")] == [
        entry.label.ja for entry in layer.style.classes
    ]
    aliases = {alias.get("field"): alias.get("name") for alias in document.iter("alias")}
    for field in layer.fields:
        assert aliases[field.name].startswith(field.label.ja)
        assert field.unit in aliases[field.name]


def test_styles_of_hidden_layers_are_hidden(get):
    assert get("/maps/style/subcompartment.qml", "operator").status_code == 404
    assert get("/maps/style/hillshade.qml", "prefecture").status_code == 404
