"""A QGIS project of layers: services, groups, styles and forms, ready to work with; no credentials are in it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lxml import etree
from pyproj import Transformer

from tiles.layer import Bounds, Geometry, Layer
from tiles.style import qml

CONTENT_TYPE = "application/x-qgis-project"
_TO_3857 = Transformer.from_crs(4326, 3857, always_xy=True)
_KINDS = {
    Geometry.MULTIPOLYGON: ("Polygon", "MultiPolygon"),
    Geometry.POLYGON: ("Polygon", "Polygon"),
    Geometry.MULTILINESTRING: ("Line", "MultiLineString"),
}
Element = etree._Element


@dataclass(frozen=True, slots=True)
class Services:
    """Where the layers come from.

    Attributes
    ----------
    features, maps : str
        Addresses of OGC API - Features and of WMS.
    authcfg : str
        Name of an authentication configuration that the user keeps in QGIS; empty: QGIS asks.
    """

    title: str
    features: str
    maps: str
    authcfg: str = ""


def project(services: Services, layers: Sequence[Layer], extents: Mapping[str, Bounds]) -> bytes:
    """Return the project as .qgz.

    Parameters
    ----------
    layers : topmost first; layers of one group stand together
    extents : west, south, east, north in degrees of each layer, by name
    """
    document = etree.tostring(
        _document(services, layers, extents),
        doctype='<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">',
        encoding="UTF-8",
        pretty_print=True,
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("forestgis.qgs", document)
    return packed.getvalue()


def _document(
    services: Services, layers: Sequence[Layer], extents: Mapping[str, Bounds]
) -> Element:
    root = etree.Element("qgis", version=qml.VERSION, projectname=services.title)
    etree.SubElement(root, "title").text = services.title
    _crs(etree.SubElement(root, "projectCrs"), 3857)
    _tree(root, services, layers)
    _canvas(root, list(extents.values()))
    kept = etree.SubElement(root, "projectlayers")
    for layer in layers:
        _layer(kept, services, layer, extents[layer.name])
    return root


def _tree(root: Element, services: Services, layers: Sequence[Layer]) -> None:
    tree = etree.SubElement(root, "layer-tree-group")
    ordered = sorted(layers, key=lambda layer: _group_order(layers, layer))
    for name, members in groupby(ordered, key=lambda layer: layer.group.ja):
        group = etree.SubElement(
            tree, "layer-tree-group", name=name, checked="Qt::Checked", expanded="1"
        )
        for layer in members:
            etree.SubElement(
                group,
                "layer-tree-layer",
                id=_id(layer),
                name=layer.title.ja,
                providerKey=_provider(layer),
                source=_source(services, layer),
                checked="Qt::Checked" if layer.visible else "Qt::Unchecked",
                expanded="0",
            )


def _group_order(layers: Sequence[Layer], layer: Layer) -> int:
    """Return the place of the first layer of a layer's group."""
    return next(n for n, other in enumerate(layers) if other.group == layer.group)


def _canvas(root: Element, extents: Sequence[Bounds]) -> None:
    canvas = etree.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    etree.SubElement(canvas, "units").text = "meters"
    if extents:
        west, south, east, north = min(extents, key=_size)
        _extent(canvas, _TO_3857.transform_bounds(west, south, east, north))
    _crs(etree.SubElement(canvas, "destinationsrs"), 3857)


def _size(extent: Bounds) -> float:
    west, south, east, north = extent
    return (east - west) * (north - south)


def _layer(parent: Element, services: Services, layer: Layer, extent: Bounds) -> None:
    kept = etree.SubElement(parent, "maplayer", type="raster" if layer.is_raster else "vector")
    _extent(kept, extent)
    etree.SubElement(kept, "id").text = _id(layer)
    etree.SubElement(kept, "datasource").text = _source(services, layer)
    etree.SubElement(kept, "layername").text = layer.title.ja
    _crs(etree.SubElement(kept, "srs"), 3857 if layer.is_raster else 4326)
    etree.SubElement(kept, "abstract").text = layer.caution.ja if layer.caution else ""
    etree.SubElement(kept, "provider", encoding="UTF-8").text = _provider(layer)
    if layer.is_raster:
        for name, value in qml.scale_range(layer).items():
            kept.set(name, value)
        return
    source, _style = layer.vector
    kept.set("geometry", _KINDS[source.geometry][0])
    kept.set("wkbType", _KINDS[source.geometry][1])
    qml.describe(kept, layer)


def _id(layer: Layer) -> str:
    return (
        f"forestgis_{layer.name}"  # QGIS gives a new id to layers whose own has ten letters or less
    )


def _provider(layer: Layer) -> str:
    return "wms" if layer.is_raster else "OAPIF"


def _source(services: Services, layer: Layer) -> str:
    authcfg = services.authcfg
    if layer.is_raster:
        credentials = f"&authcfg={authcfg}" if authcfg else ""
        return (
            f"contextualWMSLegend=0&crs=EPSG:3857&dpiMode=7&format=image/png{credentials}"
            f"&layers={layer.name}&styles=&url={services.maps}"
        )
    credentials = f" authcfg='{authcfg}'" if authcfg else ""
    return (
        f" pagingEnabled='true' restrictToRequestBBOX='1' typename='{layer.name}'"
        f" url='{services.features}'{credentials}"
    )


def _extent(parent: Element, bounds: Bounds) -> None:
    extent = etree.SubElement(parent, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        etree.SubElement(extent, name).text = repr(value)


def _crs(parent: Element, code: int) -> None:
    system = etree.SubElement(parent, "spatialrefsys")
    # QGIS looks at the authority's code only where its own, any of them, is given too.
    etree.SubElement(system, "srsid").text = str(code)
    etree.SubElement(system, "authid").text = f"EPSG:{code}"
