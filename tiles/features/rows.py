"""SQL that lets the database write each row as a client gets it: a GML member, a GeoJSON feature, a CSV line.

Every function returns the text of one SQL expression without parameters. All names in it come from the declaration and
have passed its check; values never become part of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tiles.layer import Field, FieldType, Layer
from tiles.ogc.crs import DEGREES, Crs

PREFIX, NAMESPACE = "forest", "urn:forestgis:layers"
"""The layers' XML namespace and its prefix."""

_LONG_URN, _SHORT_LINE, _AXES_SWAPPED, _ENVELOPE = 1, 4, 16, 32  # options of ST_AsGML
_PARTS = {"multipolygon": ("Surface", "Polygon"), "multilinestring": ("Curve", "LineString")}


class RowWriter(Protocol):
    """Makes the expression of a row of some format."""

    def __call__(self, layer: Layer, members: Sequence[str], crs: Crs) -> str:
        """Return the SQL expression that writes the named members of a row in a coordinate system."""


def members_of(layer: Layer) -> tuple[str, ...]:
    """Return the names of all that a feature consists of: its geometry and its fields."""
    source, _ = layer.vector
    return (source.geom, *(field.name for field in layer.fields))


def gml_row(layer: Layer, members: Sequence[str], crs: Crs) -> str:
    """Return the expression of a GML 3.2 feature element, missing values as xsi:nil.

    Parameters
    ----------
    members : sequence of str
        Which of `members_of` to write, in this order; `boundedBy` besides.
    """
    name = f"{PREFIX}:{layer.name}"
    source, _ = layer.vector
    parts = [f"""'<{name} gml:id="{layer.name}.' || {source.key} || '">'"""]
    parts += [_gml_member(layer, member, crs) for member in members]
    return " || ".join([*parts, f"'</{name}>'"])


def geojson_row(layer: Layer, members: Sequence[str], crs: Crs) -> str:
    """Return the expression of a GeoJSON feature, its id the whole-number key; null geometry where it is not asked for."""
    return _geojson(layer, members, crs, f"{layer.vector[0].key}")


def geojson_row_named(layer: Layer, members: Sequence[str], crs: Crs) -> str:
    """Return the same with the id that WFS knows the feature by, `layer.key`."""
    return _geojson(layer, members, crs, f"""'"{layer.name}.' || {layer.vector[0].key} || '"'""")


def csv_row(layer: Layer, members: Sequence[str], crs: Crs) -> str:
    """Return the expression of a CSV line (RFC 4180), geometry as well-known text (easting first), ended by CR LF."""
    cells = [_csv_cell(layer, member, crs) for member in members]
    return f"{_joined([_csv_text(_id(layer)), *cells], ',')} || E'\\r\\n'"


def _id(layer: Layer) -> str:
    return f"'{layer.name}.' || {layer.vector[0].key}"


def _joined(expressions: Iterable[str], separator: str) -> str:
    return f" || '{separator}' || ".join(expressions)


def _field(layer: Layer, name: str) -> Field:
    return next(field for field in layer.fields if field.name == name)


def _text(field: Field) -> str:
    """Return the value as unescaped text; null stays null."""
    if field.type is FieldType.DATE:
        return f"to_char({field.name}, 'YYYY-MM-DD')"
    return field.name if field.type is FieldType.TEXT else f"{field.name}::text"


def placed(layer: Layer, crs: Crs) -> str:
    """Return the expression of the geometry in a coordinate system, easting first."""
    source, _ = layer.vector
    if source.srid == crs.srid:
        return source.geom
    if {source.srid, crs.srid} <= DEGREES:
        return f"ST_SetSRID({source.geom}, {crs.srid})"
    return f"ST_Transform({source.geom}, {crs.srid})"


def _gml_member(layer: Layer, member: str, crs: Crs) -> str:
    source, _ = layer.vector
    if member == "boundedBy":
        box = _gml(placed(layer, crs), crs, _ENVELOPE)
        return f"coalesce('<gml:boundedBy>' || {box} || '</gml:boundedBy>', '')"
    tag = f"{PREFIX}:{member}"
    value = _gml_geometry(layer, crs) if member == source.geom else _xml(_field(layer, member))
    return f"""coalesce('<{tag}>' || {value} || '</{tag}>', '<{tag} xsi:nil="true"/>')"""


def _gml(geometry: str, crs: Crs, options: int = 0, gml_id: str | None = None) -> str:
    options |= _LONG_URN | _SHORT_LINE | (_AXES_SWAPPED if crs.north_first else 0)
    named = f", 'gml', {gml_id}" if gml_id else ""
    text = f"ST_AsGML(3, {geometry}, {crs.decimals}, {options}{named})"
    known = f"urn:ogc:def:crs:EPSG::{crs.srid}"
    # PostGIS knows CRS84 as EPSG:4326 only.
    return text if crs.urn == known else f"replace({text}, '{known}', '{crs.urn}')"


def _gml_geometry(layer: Layer, crs: Crs) -> str:
    """Return the expression of the geometry, each part with an id of its own as GML 3.2 wants.

    PostGIS gives every part the id of the whole; where there is one part, which is nearly everywhere, a replacement
    is several times cheaper than taking the geometry apart.
    """
    source, _ = layer.vector
    geometry, whole = placed(layer, crs), f"'{layer.name}.' || {source.key} || '.geom'"
    if source.geometry.value not in _PARTS:
        return _gml(geometry, crs, gml_id=whole)
    kind, part = _PARTS[source.geometry.value]
    opening = f"""'<gml:{part} gml:id="' || {whole}"""
    single = f"""replace({_gml(geometry, crs, gml_id=whole)}, {opening}, {opening} || '.1')"""
    each = _gml("_part.geom", crs, gml_id=f"{whole} || '.' || _part.path[1]")
    member = f"{kind.lower()}Member"
    several = (
        f"""(SELECT '<gml:Multi{kind} srsName="{crs.urn}" gml:id="' || {whole} || '">' || string_agg("""  # noqa: S608 (made of declared names alone)
        f"""'<gml:{member}>' || {each} || '</gml:{member}>', '' ORDER BY _part.path) || '</gml:Multi{kind}>'"""
        f" FROM ST_Dump({geometry}) AS _part)"
    )
    return f"CASE WHEN ST_NumGeometries({source.geom}) = 1 THEN {single} ELSE {several} END"


def _xml(field: Field) -> str:
    """Return the value as XML text; characters that XML cannot hold are left out."""
    text = _text(field)
    if field.type is not FieldType.TEXT:
        return text
    escaped = f"replace(replace(replace({text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    forbidden = "E'[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]'"
    clean = f"regexp_replace({escaped}, {forbidden}, '', 'g')"
    return f"CASE WHEN {text} ~ E'[&<>\\x01-\\x1f\\ufffe\\uffff]' THEN {clean} ELSE {text} END"


def _geojson(layer: Layer, members: Sequence[str], crs: Crs, feature_id: str) -> str:
    source, _ = layer.vector
    geometry = "'null'"
    if source.geom in members:
        placed_in = placed(layer, crs)
        flipped = f"ST_FlipCoordinates({placed_in})" if crs.north_first else placed_in
        geometry = f"coalesce(ST_AsGeoJSON({flipped}, {crs.decimals}, 0), 'null')"
    properties = _joined([_json_pair(_field(layer, m)) for m in members if m != source.geom], ",")
    return (
        f"""'{{"type":"Feature","id":' || {feature_id} || ',"geometry":' || {geometry}"""
        f""" || ',"properties":{{' || {properties or "''"} || '}}}}'"""
    )


def _json_pair(field: Field) -> str:
    text = _text(field)
    quoted = field.type in (FieldType.TEXT, FieldType.DATE)
    value = f"to_json({text})::text" if quoted else text
    return f"""'"{field.name}":' || coalesce({value}, 'null')"""


def _csv_cell(layer: Layer, member: str, crs: Crs) -> str:
    source, _ = layer.vector
    if member == source.geom:
        return f"""'"' || coalesce(ST_AsText({placed(layer, crs)}, {crs.decimals}), '') || '"'"""
    field = _field(layer, member)
    text = _text(field)
    return _csv_text(text) if field.type is FieldType.TEXT else f"coalesce({text}, '')"


def _csv_text(text: str) -> str:
    return f"""coalesce('"' || replace({text}, '"', '""') || '"', '')"""
