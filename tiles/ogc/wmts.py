"""WMTS 1.0.0 (OGC 07-057r7): capabilities of raster layers, and the parameters of its requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from tiles.errors import OgcError
from tiles.layer import Bounds, Layer
from tiles.raster.grid import MATRIX_SETS, TILE_PX, WEB_MERCATOR, MatrixSet
from tiles.raster.tile import FORMATS

_NAMESPACES = {
    None: "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
_W = ElementMaker(namespace=_NAMESPACES[None], nsmap=_NAMESPACES)
_O = ElementMaker(namespace=_NAMESPACES["ows"], nsmap=_NAMESPACES)
_HREF = f"{{{_NAMESPACES['xlink']}}}href"
STYLE = "default"
INFO_FORMAT = "application/json"
_REQUESTS = {name.lower(): name for name in ("GetCapabilities", "GetTile", "GetFeatureInfo")}


@dataclass(frozen=True, slots=True)
class TileRequest:
    """One tile, or the pixel (column `i`, row `j`) of it that is asked for; None for the whole tile."""

    layer: str
    matrix_set: MatrixSet
    zoom: int
    column: int
    row: int
    ending: str
    pixel: tuple[int, int] | None = None


def request_of(pairs: Iterable[tuple[str, str]], layers: Iterable[str]) -> TileRequest | None:
    """Return the tile that the parameters of a request ask for; None for the capabilities.

    Parameters
    ----------
    pairs : name and value of each parameter as sent, names in any case
    layers : names of the layers that this reader may use

    Raises
    ------
    OgcError
        With the code of the standard, if a parameter is missing or wrong.
    """
    given = {name.upper(): value for name, value in pairs}
    if _needed(given, "SERVICE").upper() != "WMTS":
        raise _wrong("SERVICE", "this address serves WMTS")
    request = _REQUESTS.get(_needed(given, "REQUEST").lower())
    if request is None:
        raise OgcError("REQUEST: not offered", ogc_code="OperationNotSupported", locator="REQUEST")
    if request == "GetCapabilities":
        return None
    if _needed(given, "VERSION") != "1.0.0":
        raise _wrong("VERSION", "1.0.0 is offered")
    layer = _one_of(given, "LAYER", {name: name for name in layers})
    _one_of({"STYLE": given.get("STYLE") or STYLE}, "STYLE", {STYLE: STYLE})
    info = request == "GetFeatureInfo"
    if info:
        _one_of(given, "INFOFORMAT", {INFO_FORMAT: INFO_FORMAT})
    return TileRequest(
        layer,
        _one_of(given, "TILEMATRIXSET", MATRIX_SETS),
        _number(given, "TILEMATRIX"),
        _number(given, "TILECOL"),
        _number(given, "TILEROW"),
        _one_of(given, "FORMAT", {media: ending for ending, media in FORMATS.items()}),
        (_pixel(given, "I"), _pixel(given, "J")) if info else None,
    )


def _needed(given: Mapping[str, str], name: str) -> str:
    if not given.get(name):
        raise OgcError(f"{name} is missing", ogc_code="MissingParameterValue", locator=name)
    return given[name]


def _one_of(given: Mapping[str, str], name: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the value's own type
    value = _needed(given, name)
    if value not in known:
        raise _wrong(name, f"{value[:60]!r} is none of {', '.join(known)}")
    return known[value]


def _number(given: Mapping[str, str], name: str) -> int:
    value = _needed(given, name)
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise _wrong(name, "a whole number is needed")
    return int(value)


def _pixel(given: Mapping[str, str], name: str) -> int:
    number = _number(given, name)
    if number >= TILE_PX:
        raise OgcError(
            f"{name}: pixels run from 0 to {TILE_PX - 1}",
            ogc_code="PointIJOutOfRange",
            locator=name,
        )
    return number


def _wrong(name: str, message: str) -> OgcError:
    return OgcError(f"{name}: {message}", ogc_code="InvalidParameterValue", locator=name)


def exception_report(error: OgcError) -> bytes:
    """Return the OWS 1.1 exception report of an error."""
    attributes = {"exceptionCode": error.ogc_code or "NoApplicableCode"}
    if error.locator:
        attributes["locator"] = error.locator
    report = _O.ExceptionReport(
        _O.Exception(_O.ExceptionText(str(error)), **attributes), version="1.0.0"
    )
    return _document(report)


def capabilities(title: str, address: str, layers: Mapping[Layer, Bounds]) -> bytes:
    """Return the capabilities.

    Parameters
    ----------
    address : str
        Of the service, without a slash at its end.
    layers : raster layers with west, south, east, north in degrees
    """
    root = _W.Capabilities(
        _O.ServiceIdentification(
            _O.Title(title), _O.ServiceType("OGC WMTS"), _O.ServiceTypeVersion("1.0.0")
        ),
        _operations(address),
        _W.Contents(
            *(_layer(layer, bounds, address) for layer, bounds in layers.items()),
            *(_matrix_set(matrices) for matrices in MATRIX_SETS.values()),
        ),
        _W.ServiceMetadataURL(**{_HREF: f"{address}/1.0.0/WMTSCapabilities.xml"}),
        version="1.0.0",
    )
    return _document(root)


def _document(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _operations(address: str) -> etree._Element:
    operations = []
    for name in _REQUESTS.values():
        encoding = _O.Constraint(_O.AllowedValues(_O.Value("KVP")), name="GetEncoding")
        get = _O.Get(encoding, **{_HREF: f"{address}?"})
        operations.append(_O.Operation(_O.DCP(_O.HTTP(get)), name=name))
    return _O.OperationsMetadata(*operations)


def _layer(layer: Layer, bounds: Bounds, address: str) -> etree._Element:
    west, south, east, north = bounds
    template = (
        f"{address}/{layer.name}/{STYLE}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}"
    )
    return _W.Layer(
        _O.Title(layer.title.ja),
        _O.Abstract(f"{layer.title.en}. {layer.attribution.ja}"),
        _O.WGS84BoundingBox(
            _O.LowerCorner(f"{west:.6f} {south:.6f}"), _O.UpperCorner(f"{east:.6f} {north:.6f}")
        ),
        _O.Identifier(layer.name),
        _W.Style(_O.Identifier(STYLE), isDefault="true"),
        *(_W.Format(media) for media in FORMATS.values()),
        _W.InfoFormat(INFO_FORMAT),
        *(_W.TileMatrixSetLink(_W.TileMatrixSet(name)) for name in MATRIX_SETS),
        *(
            _W.ResourceURL(format=media, resourceType="tile", template=f"{template}.{ending}")
            for ending, media in FORMATS.items()
        ),
    )


def _matrix_set(matrices: MatrixSet) -> etree._Element:
    # Plane rectangular zones have the northing first, and the corner is written in the order of the axes: here both
    # numbers differ in sign only.
    x, y = -matrices.half_m, matrices.half_m
    corner = f"{x!r} {y!r}" if matrices.epsg == WEB_MERCATOR.epsg else f"{y!r} {x!r}"
    return _W.TileMatrixSet(
        _O.Identifier(matrices.name),
        _O.SupportedCRS(f"urn:ogc:def:crs:EPSG::{matrices.epsg}"),
        *(
            _W.TileMatrix(
                _O.Identifier(str(z)),
                _W.ScaleDenominator(repr(matrices.scale_denominator(z))),
                _W.TopLeftCorner(corner),
                _W.TileWidth(str(TILE_PX)),
                _W.TileHeight(str(TILE_PX)),
                _W.MatrixWidth(str(2**z)),
                _W.MatrixHeight(str(2**z)),
            )
            for z in range(matrices.maxzoom + 1)
        ),
    )
