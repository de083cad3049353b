"""A vector layer's style as Styled Layer Descriptor 1.0.0 (OGC 02-070), which QGIS and others load for WFS layers."""

from __future__ import annotations

from lxml import etree

from tiles.layer import Layer
from tiles.style.mapclass import scale_denominator
from tiles.style.model import Between, Label, Line, OneOf, StyleClass, Symbol, Test

SLD = "http://www.opengis.net/sld"
OGC = "http://www.opengis.net/ogc"
CONTENT_TYPE = "application/vnd.ogc.sld+xml"
Element = etree._Element


def sld(layer: Layer) -> bytes:
    """Return the document; one rule a class, and one for the labels.

    Raises
    ------
    DeclarationError
        If the layer is a raster.
    """
    source, style = layer.vector
    root = etree.Element(f"{{{SLD}}}StyledLayerDescriptor", nsmap={None: SLD, "ogc": OGC})
    root.set("version", "1.0.0")
    named = _child(root, "NamedLayer")
    _child(named, "Name", layer.name)
    user_style = _child(named, "UserStyle")
    _child(user_style, "Title", layer.title.ja)
    rules = _child(user_style, "FeatureTypeStyle")
    for entry in style.classes:
        rule = _rule(rules, entry.label.ja)
        _filter(rule, style.field, entry.test)
        _scale(rule, layer.minzoom)
        _symbolizer(rule, entry, style.opacity, area=source.geometry.is_area)
    if style.label:
        # A style of its own is drawn after the other, over all areas.
        rule = _rule(_child(user_style, "FeatureTypeStyle"), "label")
        _scale(rule, style.label.minzoom, style.label.maxzoom)
        _text(rule, style.label)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _rule(rules: Element, title: str) -> Element:
    rule = _child(rules, "Rule")
    _child(rule, "Title", title)
    return rule


def _scale(rule: Element, minzoom: float, maxzoom: float | None = None) -> None:
    if maxzoom is not None:
        _child(rule, "MinScaleDenominator", f"{scale_denominator(maxzoom):.3f}")
    if minzoom:
        _child(rule, "MaxScaleDenominator", f"{scale_denominator(minzoom):.3f}")


def _filter(rule: Element, field: str | None, test: Test) -> None:
    if field is None or test is None:
        return
    parent = _child(rule, "Filter", namespace=OGC)
    if isinstance(test, OneOf):
        operator = _child(parent, "Or", namespace=OGC) if len(test.values) > 1 else parent
        for value in test.values:
            _compare(operator, "PropertyIsEqualTo", field, value)
        return
    _between(parent, field, test)


def _between(parent: Element, field: str, test: Between) -> None:
    limits = []
    if test.lower is not None:
        limits.append(("PropertyIsGreaterThanOrEqualTo", test.lower))
    if test.upper is not None:
        limits.append(("PropertyIsLessThan", test.upper))
    operator = _child(parent, "And", namespace=OGC) if len(limits) > 1 else parent
    for name, limit in limits:
        _compare(operator, name, field, f"{limit:g}")


def _compare(parent: Element, operator: str, field: str, value: str) -> None:
    comparison = _child(parent, operator, namespace=OGC)
    _child(comparison, "PropertyName", field, namespace=OGC)
    _child(comparison, "Literal", value, namespace=OGC)


def _symbolizer(rule: Element, entry: StyleClass, opacity: float, *, area: bool) -> None:
    symbol: Symbol = entry.symbol
    symbolizer = _child(rule, "PolygonSymbolizer" if area else "LineSymbolizer")
    if area and symbol.fill:
        fill = _child(symbolizer, "Fill")
        _parameter(fill, "fill", symbol.fill)
        _parameter(fill, "fill-opacity", f"{opacity:g}")
    if symbol.outline:
        _stroke(symbolizer, symbol.outline)


def _stroke(symbolizer: Element, line: Line) -> None:
    stroke = _child(symbolizer, "Stroke")
    _parameter(stroke, "stroke", line.colour)
    _parameter(stroke, "stroke-width", f"{line.width_px:g}")


def _text(rule: Element, label: Label) -> None:
    symbolizer = _child(rule, "TextSymbolizer")
    text = _child(symbolizer, "Label")
    _child(text, "PropertyName", label.field, namespace=OGC)
    font = _child(symbolizer, "Font")
    _parameter(font, "font-family", "sans")
    _parameter(font, "font-size", f"{label.size_px:g}")
    halo = _child(symbolizer, "Halo")
    _child(halo, "Radius", "1")
    _parameter(_child(halo, "Fill"), "fill", label.halo)
    _parameter(_child(symbolizer, "Fill"), "fill", label.colour)


def _parameter(parent: Element, name: str, value: str) -> None:
    _child(parent, "CssParameter", value).set("name", name)


def _child(parent: Element, name: str, text: str | None = None, *, namespace: str = SLD) -> Element:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text
    return element
