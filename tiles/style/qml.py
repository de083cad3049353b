"""A vector layer's style and form as QGIS keeps them (QML), and as its project files hold them.

One rule a class, labels, scale range; field labels with units, code lists, and which fields can be edited.
"""

from __future__ import annotations

import re

from lxml import etree

from tiles.layer import Field, FieldType, Layer
from tiles.style.colour import rgb
from tiles.style.mapclass import scale_denominator
from tiles.style.model import Between, Label, Line, OneOf, StyleClass, Symbol, Test, VectorStyle

CONTENT_TYPE = "application/x-qgis-layer-settings"
VERSION = "3.22.0"
Element = etree._Element
_FONT = "Noto Sans CJK JP"
_WIDGETS = {
    FieldType.TEXT: "TextEdit",
    FieldType.INTEGER: "Range",
    FieldType.DECIMAL: "TextEdit",
    FieldType.DATE: "DateTime",
    FieldType.BOOLEAN: "CheckBox",
}


def qml(layer: Layer) -> bytes:
    """Return the style as a file that QGIS loads onto a layer.

    Raises
    ------
    DeclarationError
        If the layer is a raster.
    """
    root = etree.Element("qgis", version=VERSION, styleCategories="AllStyleCategories")
    describe(root, layer)
    kind = '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">'
    return bytes(etree.tostring(root, doctype=kind, encoding="UTF-8", pretty_print=True))


def describe(parent: Element, layer: Layer) -> None:
    """Write style and form of a vector layer into a QML document or a project's layer."""
    source, style = layer.vector
    for name, value in scale_range(layer).items():
        parent.set(name, value)
    _renderer(parent, style, area=source.geometry.is_area)
    if style.label:
        _labels(parent, style.label, area=source.geometry.is_area)
    parent.set("labelsEnabled", "1" if style.label else "0")
    etree.SubElement(parent, "layerOpacity").text = "1"
    _form(parent, layer, style)


def scale_range(layer: Layer) -> dict[str, str]:
    """Return the attributes of the scales from which on a layer is drawn."""
    if not layer.minzoom:
        return {"hasScaleBasedVisibilityFlag": "0"}
    smallest = f"{scale_denominator(layer.minzoom):.0f}"
    return {"hasScaleBasedVisibilityFlag": "1", "minScale": smallest, "maxScale": "0"}


def _renderer(parent: Element, style: VectorStyle, *, area: bool) -> None:
    renderer = etree.SubElement(parent, "renderer-v2", type="RuleRenderer", symbollevels="0")
    rules = etree.SubElement(renderer, "rules", key="root")
    symbols = etree.SubElement(renderer, "symbols")
    for number, entry in enumerate(style.classes):
        rule = etree.SubElement(rules, "rule", key=f"class{number}", symbol=str(number))
        rule.set("label", entry.label.ja)
        if expression := _expression(style.field, entry.test):
            rule.set("filter", expression)
        _symbol(symbols, str(number), entry, style.opacity, area=area)


def _expression(field: str | None, test: Test) -> str:
    """Return the test of a class in QGIS's expression language; empty where there is none."""
    if field is None or test is None:
        return ""
    if isinstance(test, OneOf):
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in test.values)
        return f'"{field}" IN ({values})'
    return " AND ".join(_limits(field, test))


def _limits(field: str, test: Between) -> list[str]:
    limits = []
    if test.lower is not None:
        limits.append(f'"{field}" >= {test.lower:g}')
    if test.upper is not None:
        limits.append(f'"{field}" < {test.upper:g}')
    return limits


def _symbol(parent: Element, name: str, entry: StyleClass, opacity: float, *, area: bool) -> None:
    kind = "fill" if area else "line"
    symbol = etree.SubElement(parent, "symbol", type=kind, name=name, alpha="1", clip_to_extent="1")
    drawn = "SimpleFill" if area else "SimpleLine"
    layer = etree.SubElement(symbol, "layer", attrib={"class": drawn, "enabled": "1", "pass": "0"})
    properties = _fill(entry.symbol, opacity) if area else _line(entry.symbol.outline)
    _options(layer, properties)
    for key, value in properties.items():  # what QGIS before 3.20 reads
        etree.SubElement(layer, "prop", k=key, v=value)


def _fill(symbol: Symbol, opacity: float) -> dict[str, str]:
    outline = symbol.outline
    return {
        "style": "solid" if symbol.fill else "no",
        "color": _rgba(symbol.fill or "#ffffff", opacity),
        "outline_style": "solid" if outline else "no",
        "outline_color": _rgba(outline.colour if outline else "#000000", 1),
        "outline_width": f"{outline.width_px if outline else 0:g}",
        "outline_width_unit": "Pixel",
    }


def _line(line: Line | None) -> dict[str, str]:
    assert line is not None
    return {
        "line_style": "solid",
        "line_color": _rgba(line.colour, 1),
        "line_width": f"{line.width_px:g}",
        "line_width_unit": "Pixel",
        "capstyle": "round",
        "joinstyle": "round",
    }


def _rgba(colour: str, opacity: float) -> str:
    return ",".join(map(str, (*rgb(colour), round(opacity * 255))))


def _labels(parent: Element, label: Label, *, area: bool) -> None:
    labeling = etree.SubElement(parent, "labeling", type="simple")
    settings = etree.SubElement(labeling, "settings", calloutType="simple")
    text = etree.SubElement(
        settings,
        "text-style",
        fieldName=label.field,
        isExpression="0",
        fontFamily=_FONT,
        fontSize=str(label.size_px),
        fontSizeUnit="Pixel",
        textColor=_rgba(label.colour, 1),
        textOpacity="1",
    )
    etree.SubElement(
        text,
        "text-buffer",
        bufferDraw="1",
        bufferSize="1",
        bufferSizeUnits="Pixel",
        bufferColor=_rgba(label.halo, 1),
        bufferOpacity="1",
    )
    etree.SubElement(
        settings, "placement", placement="1" if area else "2", polygonPlacementFlags="2"
    )
    largest = f"{scale_denominator(label.maxzoom):.0f}" if label.maxzoom is not None else "0"
    etree.SubElement(
        settings,
        "rendering",
        drawLabels="1",
        scaleVisibility="1",
        scaleMax=f"{scale_denominator(label.minzoom):.0f}",
        scaleMin=largest,
    )


def _form(parent: Element, layer: Layer, style: VectorStyle) -> None:
    widgets = etree.SubElement(parent, "fieldConfiguration")
    aliases = etree.SubElement(parent, "aliases")
    editable = etree.SubElement(parent, "editable")
    for number, field in enumerate(layer.fields):
        alias = f"{field.label.ja} ({field.unit})" if field.unit else field.label.ja
        etree.SubElement(aliases, "alias", field=field.name, index=str(number), name=alias)
        can = "1" if field.name in layer.writable else "0"
        etree.SubElement(editable, "field", name=field.name, editable=can)
        _widget(widgets, field, style)


def _widget(parent: Element, field: Field, style: VectorStyle) -> None:
    codes = _codes(style) if field.name == style.field else {}
    entry = etree.SubElement(parent, "field", name=field.name, configurationFlags="None")
    widget = etree.SubElement(
        entry, "editWidget", type="ValueMap" if codes else _WIDGETS[field.type]
    )
    configuration = etree.SubElement(widget, "config")
    if not codes:
        _options(configuration, {})
        return
    options = etree.SubElement(configuration, "Option", type="Map")
    listed = etree.SubElement(options, "Option", name="map", type="List")
    for code, text in codes.items():
        _options(listed, {text: code})


def _codes(style: VectorStyle) -> dict[str, str]:
    """Return what the codes of the style's field mean, where a class stands for one code."""
    return {
        entry.test.values[0]: re.sub(r"\s+", " ", entry.label.ja)
        for entry in style.classes
        if isinstance(entry.test, OneOf) and len(entry.test.values) == 1
    }


def _options(parent: Element, values: dict[str, str]) -> None:
    options = etree.SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        etree.SubElement(options, "Option", name=name, type="QString", value=value)
