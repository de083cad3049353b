"""WMS capabilities as one reader may see them: MapServer's document, cut down to that reader's layers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from lxml import etree
from pyproj import Transformer

from tiles.errors import MapServerError
from tiles.layer import Bounds
from tiles.ogc.parameters import INFO_FORMATS

_TO_3857 = Transformer.from_crs(4326, 3857, always_xy=True)


def for_reader(
    document: bytes, layers: Mapping[str, Bounds], generalised: Collection[str] = ()
) -> bytes:
    """Return the capabilities with the named layers alone, each with its extent.

    Besides, what the gate does not pass on is taken out: the root layer's name (it would draw all layers at once),
    links to metadata of the map server's own, and formats of GetFeatureInfo that are not offered.

    Parameters
    ----------
    document : bytes
        WMS 1.1.1 or 1.3.0 capabilities.
    layers : names of the layers to keep, with west, south, east, north in degrees; at least one
    generalised : those of them that something coarser stands for at the scales where their features are not drawn

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
    for layer in _elements(tree, "Layer"):
        name = _child(layer, "Name")
        known = layers.get(name.text or "") if name is not None else None
        if name is not None and name.text in generalised:
            _remove(layer, ("MaxScaleDenominator", "ScaleHint"))
        _state_extent(layer, known or union(layers.values()))
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
    _remove(layer, ("MetadataURL",))


def _remove(layer: etree._Element, local_names: Iterable[str]) -> None:
    for local_name in local_names:
        element = _child(layer, local_name)
        if element is not None:
            layer.remove(element)


def union(bounds: Iterable[Bounds]) -> Bounds:
    """Return the extent of all extents; there is at least one."""
    west, south, east, north = zip(*bounds, strict=True)
    return min(west), min(south), max(east), max(north)


def _state_extent(layer: etree._Element, bounds: Bounds) -> None:
    """Write the extent in degrees (WMS 1.3.0 and 1.1.1) and in web Mercator; other systems follow from these."""
    geographic = _child(layer, "EX_GeographicBoundingBox")
    if geographic is not None:
        names = (
            "westBoundLongitude",
            "southBoundLatitude",
            "eastBoundLongitude",
            "northBoundLatitude",
        )
        for name, value in zip(names, bounds, strict=True):
            _elements(geographic, name)[0].text = f"{value:.6f}"
    _set_corners(_child(layer, "LatLonBoundingBox"), bounds)
    _set_corners(_child(layer, "BoundingBox"), _TO_3857.transform_bounds(*bounds))


def _set_corners(box: etree._Element | None, bounds: Bounds) -> None:
    if box is not None:
        for name, value in zip(("minx", "miny", "maxx", "maxy"), bounds, strict=True):
            box.set(name, f"{value:.6f}")


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
