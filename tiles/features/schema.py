"""JSON schemas of a layer's features."""

from __future__ import annotations

from typing import Any

from tiles.layer import Field, FieldType, Geometry, Layer

_TYPES: dict[FieldType, dict[str, str]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.DECIMAL: {"type": "number"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.BOOLEAN: {"type": "boolean"},
}
_GEOMETRIES = {
    Geometry.MULTIPOLYGON: "geometry-multipolygon",
    Geometry.POLYGON: "geometry-polygon",
    Geometry.MULTILINESTRING: "geometry-multilinestring",
}


def field_schema(field: Field) -> dict[str, Any]:
    """Return the schema of a field, with its title in both languages and its unit."""
    schema: dict[str, Any] = {
        **_TYPES[field.type],
        "title": f"{field.label.ja} / {field.label.en}",
    }
    if field.unit:
        schema["x-ogc-unit"] = field.unit
    if field.type is FieldType.TEXT:
        schema["maxLength"] = field.length
    return schema


def queryables(layer: Layer, address: str) -> dict[str, Any]:
    """Return the schema of the properties that filters may name (OGC 19-079r2, 6.2).

    Parameters
    ----------
    address : str
        Where the schema is served: its identifier.
    """
    source, _ = layer.vector
    geometry = {
        "title": "位置 / Geometry",
        "x-ogc-role": "primary-geometry",
        "format": _GEOMETRIES.get(source.geometry, "geometry-any"),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": layer.title.ja,
        "properties": {
            **{field.name: field_schema(field) for field in layer.fields},
            source.geom: geometry,
        },
        "additionalProperties": False,
    }
