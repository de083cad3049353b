"""Declarations, MapLibre styles, legends and the words of the map file."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tiles.errors import DeclarationError
from tiles.layer import Layer, Sharing
from tiles.style import mapfile
from tiles.style.legend import legend
from tiles.style.mapclass import quoted, scale_denominator
from tiles.style.maplibre import layers_json, style_json
from tiles.style.model import Label, Line, RasterStyle, Symbol, Text, graduated, single


def evaluate(expression, properties):
    """A small evaluator of MapLibre expressions, as the style specification defines them."""
    if not isinstance(expression, list):
        return expression
    name, *rest = expression
    if name == "literal":
        return rest[0]
    if name == "case":
        *pairs, otherwise = rest
        for condition, value in zip(pairs[::2], pairs[1::2], strict=True):
            if evaluate(condition, properties):
                return evaluate(value, properties)
        return evaluate(otherwise, properties)
    if name == "all":
        return all(evaluate(part, properties) for part in rest)
    if name == "has":
        return rest[0] in properties
    if name == "get":
        return properties[rest[0]]
    left, right = (evaluate(part, properties) for part in rest)
    return {">=": lambda: left >= right, "<": lambda: left < right, "in": lambda: left in right}[
        name
    ]()


@pytest.mark.parametrize(
    ("properties", "entry"),
    [
        ({"volume": 0}, 0),
        ({"volume": 49.9}, 0),
        ({"volume": 50}, 1),
        ({"volume": 100}, 2),
        ({}, None),
    ],
)
def test_maplibre_colours_are_the_legends(layers, properties, entry):
    fill = next(drawn for drawn in layers_json(layers["stand"]) if drawn["type"] == "fill")
    colour = evaluate(fill["paint"]["fill-color"], properties)
    assert colour == ("rgba(0,0,0,0)" if entry is None else legend(layers["stand"])[entry]["color"])


@pytest.mark.parametrize(("kind", "entry"), [("a", 0), ("b", 1), ("c", 1)])
def test_maplibre_categories(layers, kind, entry):
    [line] = layers_json(layers["track"])
    expected = legend(layers["track"])[entry]
    assert evaluate(line["paint"]["line-color"], {"kind": kind}) == expected["color"]
    assert evaluate(line["paint"]["line-width"], {"kind": kind}) == expected["width_px"]


def test_a_style_is_whole(layers):
    style = style_json(
        layers.values(), lambda layer: f"https://x/{layer.name}/{{z}}/{{x}}/{{y}}", "試験"
    )
    ids = [entry["id"] for entry in style["layers"]]
    assert len(ids) == len(set(ids))
    assert ids[-1] == "stand-label"  # labels lie above all
    assert {entry["source"] for entry in style["layers"][1:]} == set(style["sources"])
    assert "glyphs" not in style
    assert "sprite" not in style


def test_legend_texts(layers):
    assert [entry["label_ja"] for entry in legend(layers["stand"])] == [
        "50 m3/ha未満",
        "50～100 m3/ha",
        "100 m3/ha以上",
    ]
    assert legend(layers["shade"]) == []


def test_wrong_declarations_are_refused(layers):
    with pytest.raises(DeclarationError, match="not declared as fields"):
        dataclasses.replace(layers["stand"], fields=())
    with pytest.raises(DeclarationError, match="raster style"):
        dataclasses.replace(layers["stand"], style=RasterStyle())
    with pytest.raises(DeclarationError, match="#rrggbb"):
        Line("red")
    with pytest.raises(DeclarationError):
        graduated((2, 1), ("#000000",) * 3, "m")
    with pytest.raises(DeclarationError, match="fill or an outline"):
        legend(dataclasses.replace(layers["track"], style=_only(Symbol())))


def _only(symbol):
    from tiles.style.model import VectorStyle

    return VectorStyle(single(Text("a", "a"), symbol))


def test_who_may_know_of_a_layer():
    assert [
        kind
        for kind in ("public", "municipal", "prefecture", "")
        if Sharing.MUNICIPAL.open_to(kind)
    ] == [
        "municipal",
        "prefecture",
    ]
    assert Sharing.PUBLIC.open_to("public")
    assert not Sharing.PREFECTURE.open_to("municipal")


@pytest.mark.parametrize("text", ['a"b', "a\nb", "%user%", "a\\"])
def test_strings_cannot_end_early_or_be_filled_by_the_caller(text):
    with pytest.raises(DeclarationError):
        quoted(text)


def test_the_map_file_holds_no_secret_and_no_trap(layers):
    text = mapfile.map_file(mapfile.MapService("a", "b", "/f", "/files"), layers.values())
    assert not re.search(r"password|user=|host=|dbname=|%\w+%|DEFER|VALIDATION", text)
    assert '"ows_sld_enabled" "false"' in text


def test_scale_of_a_zoom_level():
    # OGC two-dimensional tile matrix set, GoogleMapsCompatible: level 18 of 256-pixel tiles is 1:2132.7295838.
    assert scale_denominator(17) == pytest.approx(2132.7295838, rel=1e-7)


def test_labels_need_a_field(layers):
    style = dataclasses.replace(layers["stand"].style, label=Label("nothing", 3))
    with pytest.raises(DeclarationError, match="nothing"):
        dataclasses.replace(layers["stand"], style=style)
    assert isinstance(layers["stand"], Layer)
