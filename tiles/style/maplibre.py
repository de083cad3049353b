"""A layer's style for MapLibre GL (style specification version 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tiles.layer import Layer
from tiles.style.model import Between, Label, OneOf, StyleClass, Symbol, Test, VectorStyle

Json = dict[str, Any]
Expression = Any
_NOTHING = "rgba(0,0,0,0)"


def source_json(layer: Layer, address: str) -> Json:
    """Return the MapLibre source of a layer whose tile address template is `address`."""
    common: Json = {
        "tiles": [address],
        "minzoom": layer.minzoom,
        "maxzoom": layer.maxzoom,
        "attribution": layer.attribution.ja,
    }
    if layer.is_raster:
        return {"type": "raster", "tileSize": 256, **common}
    return {"type": "vector", **common}


def layers_json(layer: Layer) -> list[Json]:
    """Return the MapLibre layers that draw a layer, bottom first; their ids begin with the layer's name."""
    common: Json = {
        "source": layer.name,
        "minzoom": layer.minzoom,
        "metadata": {"forestgis:layer": layer.name},
        "layout": {"visibility": "visible" if layer.visible else "none"},
    }
    if layer.is_raster:
        return [_raster(layer, common)]
    common["source-layer"] = layer.name
    source, style = layer.vector
    drawn = _areas(layer.name, style, common) if source.geometry.is_area else []
    drawn += _lines(layer.name, style, common, "outline" if source.geometry.is_area else "line")
    if style.label:
        drawn.append(_labels(layer, style.label, common))
    return drawn


def style_json(layers: Iterable[Layer], address_of: Callable[[Layer], str], name: str) -> Json:
    """Return a whole style: areas, then lines, then labels, each in the order of `layers`.

    Parameters
    ----------
    layers : bottom layer first
    address_of : gives the tile address template of a layer
    """
    layers = list(layers)
    drawn = [entry for layer in layers for entry in layers_json(layer)]
    return {
        "version": 8,
        "name": name,
        "sources": {layer.name: source_json(layer, address_of(layer)) for layer in layers},
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": "#f4f4f0"}},
            # Labels above everything: a fill drawn later must not cover them.
            *sorted(drawn, key=lambda entry: entry["type"] == "symbol"),
        ],
    }


def _raster(layer: Layer, common: Json) -> Json:
    _, style = layer.raster
    return {
        "id": f"{layer.name}-raster",
        "type": "raster",
        **common,
        # Nearest, so that no colour appears that the legend does not have.
        "paint": {
            "raster-opacity": style.opacity,
            "raster-resampling": "linear" if style.is_picture else "nearest",
        },
    }


def _areas(name: str, style: VectorStyle, common: Json) -> list[Json]:
    if not any(entry.symbol.fill for entry in style.classes):
        # Invisible, but it makes the inside of an outlined area answer to a click.
        paint: Json = {"fill-color": _NOTHING}
    else:
        paint = {
            "fill-color": _by_class(style, lambda symbol: symbol.fill or _NOTHING, _NOTHING),
            "fill-opacity": style.opacity,
        }
    return [{"id": f"{name}-fill", "type": "fill", **common, "paint": paint}]


def _lines(name: str, style: VectorStyle, common: Json, suffix: str) -> list[Json]:
    if not any(entry.symbol.outline for entry in style.classes):
        return []
    paint = {
        "line-color": _by_class(
            style, lambda symbol: symbol.outline.colour if symbol.outline else _NOTHING, _NOTHING
        ),
        "line-width": _by_class(
            style, lambda symbol: symbol.outline.width_px if symbol.outline else 0.0, 0.0
        ),
    }
    return [{"id": f"{name}-{suffix}", "type": "line", **common, "paint": paint}]


def _labels(layer: Layer, label: Label, common: Json) -> Json:
    """Return the layer of texts: at the points that tiles carry for areas, else along the lines."""
    points = layer.label_layer
    return {
        **common,
        "id": f"{layer.name}-label",
        "type": "symbol",
        "source-layer": points or layer.name,
        "minzoom": label.minzoom,
        **({} if label.maxzoom is None else {"maxzoom": label.maxzoom}),
        "layout": {
            **common["layout"],
            "text-field": ["to-string", ["get", label.field]],
            "text-font": ["Noto Sans CJK JP", "sans-serif"],
            "text-size": label.size_px,
            **({} if points else {"symbol-placement": "line"}),
        },
        "paint": {
            "text-color": label.colour,
            "text-halo-color": label.halo,
            "text-halo-width": 1.5,
        },
    }


def _by_class(
    style: VectorStyle, pick: Callable[[Symbol], str | float], otherwise: str | float
) -> Expression:
    """Return what `pick` gives, as an expression over the classes where they differ."""
    classes: tuple[StyleClass, ...] = style.classes
    if style.field is None:
        return pick(classes[0].symbol)
    branches: list[Expression] = []
    for entry in classes:
        branches += [_condition(style.field, entry.test), pick(entry.symbol)]
    return ["case", *branches, otherwise]


def _condition(field: str, test: Test) -> Expression:
    # Tiles leave missing values out, and a comparison with a missing value would be an error.
    present = ["has", field]
    if isinstance(test, OneOf):
        return ["all", present, ["in", ["get", field], ["literal", list(test.values)]]]
    if isinstance(test, Between):
        low = [] if test.lower is None else [[">=", ["get", field], test.lower]]
        high = [] if test.upper is None else [["<", ["get", field], test.upper]]
        return ["all", present, *low, *high]
    return True
