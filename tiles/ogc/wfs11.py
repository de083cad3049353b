"""What of a WFS 1.1.0 request reaches the map server: known parameters with sane values, nothing else.

For programs that speak no newer version. Filters are not passed on (MapServer puts their names into SQL): who needs
them asks for WFS 2.0.0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from tiles.errors import OgcError
from tiles.layer import Bounds, Layer
from tiles.ogc.crs import CRS84, named

VERSION = "1.1.0"
MAX_FEATURES = 10_000
GML = "text/xml; subtype=gml/3.1.1"
_REQUESTS = {
    "getcapabilities": "GetCapabilities",
    "describefeaturetype": "DescribeFeatureType",
    "getfeature": "GetFeature",
}
_WFS, _OWS = "http://www.opengis.net/wfs", "http://www.opengis.net/ows"
_REFUSED = ("FILTER", "FEATUREID", "SORTBY", "GMLOBJECTID")


def asked_for(given: Mapping[str, str]) -> bool:
    """Tell whether a request, names of its parameters in upper case, is one of this version."""
    if "ACCEPTVERSIONS" in given:
        accepted = given["ACCEPTVERSIONS"].split(",")
        return VERSION in accepted and "2.0.0" not in accepted
    return given.get("VERSION") == VERSION


def admit(given: Mapping[str, str], layers: Mapping[str, Layer]) -> str:
    """Return the query for the map server.

    Parameters
    ----------
    given : parameters as sent, names in upper case
    layers : the reader's vector layers by name

    Raises
    ------
    OgcError
        If a parameter is wrong or not offered.
    """
    request = _REQUESTS.get(given.get("REQUEST", "").lower())
    if request is None:
        raise _wrong("REQUEST", "not offered in WFS 1.1.0", "OperationNotSupported")
    params = {"SERVICE": "WFS", "VERSION": VERSION, "REQUEST": request}
    if request == "GetCapabilities":
        return urlencode(params)
    for name in _REFUSED:
        if name in given:
            raise _wrong(name, "offered in WFS 2.0.0 only", "OptionNotSupported")
    if request == "DescribeFeatureType":
        names = given.get("TYPENAME", ",".join(layers))
        params["TYPENAME"] = ",".join(_layer(name, layers).name for name in names.split(","))
        return urlencode(params)
    return urlencode(params | _features(given, layers))


def _features(given: Mapping[str, str], layers: Mapping[str, Layer]) -> dict[str, str]:
    layer = _layer(given.get("TYPENAME", ""), layers)
    params = {
        "TYPENAME": layer.name,
        "OUTPUTFORMAT": GML,
        "SRSNAME": _urn("SRSNAME", given.get("SRSNAME", "EPSG:6668")),
        "MAXFEATURES": str(min(_whole(given, "MAXFEATURES", MAX_FEATURES), MAX_FEATURES)),
        "STARTINDEX": str(_whole(given, "STARTINDEX", 0)),
    }
    if "BBOX" in given:
        params["BBOX"] = _bbox(given["BBOX"])
    if given.get("RESULTTYPE", "results").lower() == "hits":
        params["RESULTTYPE"] = "hits"
    if "PROPERTYNAME" in given and given["PROPERTYNAME"] != "*":
        params["PROPERTYNAME"] = _properties(given["PROPERTYNAME"], layer)
    return params


def _layer(name: str, layers: Mapping[str, Layer]) -> Layer:
    found = layers.get(name.rpartition(":")[2])
    if found is None:
        raise _wrong("TYPENAME", f"{name[:60]!r} is not a feature type of this service")
    return found


def _properties(names: str, layer: Layer) -> str:
    known = {field.name for field in layer.fields} | {layer.vector[0].geom}
    plain = [name.rpartition(":")[2].rpartition("/")[2] for name in names.split(",")]
    for name in plain:
        if name not in known:
            raise _wrong("PROPERTYNAME", f"{name[:60]!r} is not a property of {layer.name}")
    return ",".join(plain)


def _urn(parameter: str, name: str) -> str:
    crs = named(name)
    if crs is None or crs is CRS84:
        raise _wrong(parameter, f"{name[:80]!r} is not offered")
    return crs.urn


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise _wrong(name, "a whole number is needed")
    return int(text)


def _bbox(text: str) -> str:
    corners, crs = text.split(",")[:4], text.split(",")[4:]
    try:
        numbers = [float(corner) for corner in corners]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or len(crs) > 1 or not all(map(math.isfinite, numbers)):
        raise _wrong("BBOX", "four numbers are needed, and the name of their system may follow")
    if numbers[0] > numbers[2] or numbers[1] > numbers[3]:
        raise _wrong("BBOX", "the first two numbers are less than the last two")
    system = _urn("BBOX", crs[0]) if crs else "urn:ogc:def:crs:EPSG::6668"
    return ",".join([*map(repr, numbers), system])


def _wrong(parameter: str, why: str, code: str = "InvalidParameterValue") -> OgcError:
    return OgcError(f"{parameter}: {why}", ogc_code=code, locator=parameter.lower())


def upper_names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return parameters by their names in upper case; of one that is given twice, the first."""
    given: dict[str, str] = {}
    for name, value in pairs:
        given.setdefault(name.upper(), value)
    return given


def exception_report(error: OgcError) -> bytes:
    """Return the document of an error (OWS 1.0.0, which WFS 1.1.0 uses)."""
    locator = f" locator={quoteattr(error.locator)}" if error.locator else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.1.0">'
        f"<ows:Exception exceptionCode={quoteattr(error.ogc_code)}{locator}>"
        f"<ows:ExceptionText>{escape(str(error))}</ows:ExceptionText>"
        "</ows:Exception></ows:ExceptionReport>\n"
    ).encode()


def for_reader(document: bytes, layers: Mapping[str, Bounds]) -> bytes:
    """Return capabilities with the named feature types alone, each with its extent.

    Parameters
    ----------
    layers : west, south, east, north in degrees, by name
    """
    tree = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    for listed in tree.findall(f"{{{_WFS}}}FeatureTypeList/{{{_WFS}}}FeatureType"):
        name = (listed.findtext(f"{{{_WFS}}}Name") or "").rpartition(":")[2]
        if name not in layers:
            listed.getparent().remove(listed)  # type: ignore[union-attr]  # it is in the list
            continue
        west, south, east, north = layers[name]
        for corner, place in (("LowerCorner", (west, south)), ("UpperCorner", (east, north))):
            for element in listed.iter(f"{{{_OWS}}}{corner}"):
                element.text = f"{place[0]:.6f} {place[1]:.6f}"
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))
