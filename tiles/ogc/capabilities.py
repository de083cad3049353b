"""WMS capabilities as one reader may see them: MapServer's document, cut down to that reader's layers."""

from __future__ import annotations

from collections.abc import Collection

from lxml import etree

from tiles.errors import MapServerError
from tiles.ogc.parameters import INFO_FORMATS


def for_reader(document: bytes, layers: Collection[str]) -> bytes:
    """Return the capabilities with the named layers alone.

    Besides, what the gate does not pass on is taken out: the root layer's name (it would draw all layers at once),
    links to metadata of the map server's own, and formats of GetFeatureInfo that are not offered.

    Parameters
    ----------
    document : bytes
        WMS 1.1.1 or 1.3.0 capabilities.
    layers : names of the layers to keep

    Raises
    ------
    MapServerError
        If the document is not XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise MapServerError(f"the map server's capabilities are not XML: {error}") from error
    for layer in _elements(tree, "Layer"):
        _cut(layer, layers)
    for info in _elements(tree, "GetFeatureInfo"):
        _offer(info, INFO_FORMATS)
    docinfo = tree.getroottree()
    return bytes(etree.tostring(docinfo, xml_declaration=True, encoding="UTF-8"))


def is_capabilities(document: bytes) -> bool:
    """Tell capabilities from an exception report (a wrong UPDATESEQUENCE, say)."""
    head = document[:2000]
    return b"<WMS_Capabilities" in head or b"<WMT_MS_Capabilities" in head


def _cut(layer: etree._Element, keep: Collection[str]) -> None:
    name = _child(layer, "Name")
    parent = layer.getparent()
    if parent is None or etree.QName(parent).localname != "Layer":
        if name is not None:
            layer.remove(name)
        layer.set("queryable", "0")
        return
    if name is None or name.text not in keep:
        parent.remove(layer)
        return
    metadata = _child(layer, "MetadataURL")
    if metadata is not None:
        layer.remove(metadata)


def _offer(operation: etree._Element, formats: Collection[str]) -> None:
    old = [child for child in operation if etree.QName(child).localname == "Format"]
    for position, name in enumerate(formats):
        element = etree.Element(old[0].tag)
        element.text = name
        operation.insert(position, element)
    for element in old:
        operation.remove(element)


def _elements(tree: etree._Element, local_name: str) -> list[etree._Element]:
    return [
        element
        for element in tree.iter()
        if isinstance(element.tag, str) and etree.QName(element).localname == local_name
    ]


def _child(element: etree._Element, local_name: str) -> etree._Element | None:
    found = (child for child in element if isinstance(child.tag, str))
    return next((child for child in found if etree.QName(child).localname == local_name), None)
