"""The OpenAPI 3.0 document of OGC API - Features, self-contained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tiles.features.cql2.load import LANGUAGES
from tiles.features.schema import field_schema
from tiles.layer import Layer
from tiles.ogc.crs import CRS84, OFFERED

Object = dict[str, Any]
_PROBLEM = "application/problem+json"
_CRS_PARAMETERS = {
    "crs": "Coordinate system of the answer's geometries",
    "bbox-crs": "Coordinate system of bbox",
    "filter-crs": "Coordinate system of the filter's geometries",
}

_ITEMS_PARAMETERS = (
    *("limit", "cursor", "bbox", "datetime", "filter", "filter-lang", "sortby", "properties"),
    *("skipGeometry", *_CRS_PARAMETERS, "f"),
)


@dataclass(frozen=True, slots=True)
class Service:
    """What of the document is not the layers'.

    Attributes
    ----------
    address : str
        Of the landing page.
    default_limit, max_limit : int
        Features of a page.
    """

    title: str
    description: str
    address: str
    default_limit: int
    max_limit: int


def document(service: Service, layers: Sequence[Layer]) -> Object:
    """Return the document, with one set of paths a layer."""
    paths: Object = {
        "/": _read("landing", "Landing page", "application/json"),
        "/conformance": _read("conformance", "Conformance classes", "application/json"),
        "/api": _read("api", "This document", "application/vnd.oai.openapi+json;version=3.0"),
        "/collections": _read("collections", "Collections", "application/json"),
    }
    for layer in layers:
        paths |= _collection_paths(layer)
    return {
        "openapi": "3.0.3",
        "info": {"title": service.title, "description": service.description, "version": "1.0.0"},
        "servers": [{"url": service.address}],
        "security": [{"basic": []}, {"bearer": []}],
        "tags": [{"name": layer.name, "description": layer.title.ja} for layer in layers],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "parameters": _parameters(service),
            "responses": {"Problem": _answer("Problem", _PROBLEM, "Problem")},
            "schemas": _schemas(),
        },
    }


def _collection_paths(layer: Layer) -> Object:
    root, name, tag = f"/collections/{layer.name}", layer.name, [layer.name]
    fields = [
        {
            "name": field.name,
            "in": "query",
            "description": f"{field.label.ja} / {field.label.en}",
            "schema": {key: value for key, value in field_schema(field).items() if key != "title"},
        }
        for field in layer.fields
    ]
    items = _read(f"{name}.items", layer.title.ja, "application/geo+json", "FeatureCollection")
    items["get"]["parameters"] = [*map(_parameter, _ITEMS_PARAMETERS), *fields]
    item = _read(f"{name}.item", layer.title.ja, "application/geo+json", "Feature")
    item["get"]["parameters"] = [_parameter("featureId"), _parameter("crs"), _parameter("f")]
    paths = {
        root: _read(f"{name}.collection", layer.title.ja, "application/json"),
        f"{root}/queryables": _read(f"{name}.queryables", "Queryables", "application/schema+json"),
        f"{root}/items": items,
        f"{root}/items/{{featureId}}": item,
    }
    if layer.writable:
        items |= {"post": _write(f"{name}.create", "Create a feature", "201")}
        item |= {
            "put": _write(f"{name}.replace", "Replace a feature", "204"),
            "patch": _write(
                f"{name}.update", "Change a feature", "204", "application/merge-patch+json"
            ),
            "delete": _write(f"{name}.delete", "Delete a feature", "204", None),
        }
    for path in paths.values():
        for operation in path.values():
            operation["tags"] = tag
    return paths


def _read(operation: str, summary: str, media: str, schema: str | None = None) -> Object:
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [_parameter("f")],
            "responses": {
                "200": _answer(summary, media, schema),
                "400": {"$ref": "#/components/responses/Problem"},
                "401": {"description": "Credentials are needed"},
                "404": {"$ref": "#/components/responses/Problem"},
            },
        }
    }


def _write(
    operation: str, summary: str, success: str, media: str | None = "application/geo+json"
) -> Object:
    problems = ("400", "403", "404", "412", "413", "415", "422", "428")
    parameters = ["If-Match"] if success == "204" else []
    written: Object = {
        "operationId": operation,
        "summary": summary,
        "parameters": [*map(_parameter, parameters), _parameter("Content-Crs")],
        "responses": {
            success: {"description": "Done"},
            **{status: {"$ref": "#/components/responses/Problem"} for status in problems},
        },
    }
    if success == "204":
        written["parameters"].append(_parameter("featureId"))
    if media:
        shape = {"$ref": "#/components/schemas/Feature"} if media == "application/geo+json" else {}
        written["requestBody"] = {"required": True, "content": {media: {"schema": shape}}}
    return written


def _answer(description: str, media: str, schema: str | None) -> Object:
    shape: Object = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    return {"description": description, "content": {media: {"schema": shape}}}


def _parameter(name: str) -> Object:
    return {"$ref": f"#/components/parameters/{name}"}


def _parameters(service: Service) -> Object:
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": service.max_limit,
        "default": service.default_limit,
    }
    numbers = {
        "type": "array",
        "items": {"type": "number"},
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    }
    names = {"type": "array", "items": {"type": "string"}}
    text = {"type": "string"}
    found = {
        "limit": _query("limit", "Features of a page", limit),
        "cursor": _query("cursor", "Where a page begins, from the link to it", text),
        "bbox": _query("bbox", "Features that meet a box", numbers),
        "datetime": _query("datetime", "Features of an instant or interval (RFC 3339)", text),
        "filter": _query("filter", "Features for which a CQL2 filter holds", text),
        "filter-lang": _query(
            "filter-lang",
            "Language of the filter",
            {**text, "enum": list(LANGUAGES), "default": LANGUAGES[0]},
        ),
        "sortby": _query("sortby", "Fields to sort by, + or - before each", names),
        "properties": _query("properties", "Fields to give", names),
        "skipGeometry": _query("skipGeometry", "No geometry", {"type": "boolean"}),
        "f": _query("f", "Encoding", {**text, "enum": ["json", "html"]}),
        "If-Match": _header("If-Match", "Entity tag of the state that is changed"),
        "Content-Crs": _header("Content-Crs", "Coordinate system of the geometry sent"),
        "featureId": {
            "name": "featureId",
            "in": "path",
            "required": True,
            "schema": {"type": "integer"},
        },
    }
    crs = {"type": "string", "format": "uri", "enum": [known.uri for known in OFFERED]}
    for name, description in _CRS_PARAMETERS.items():
        found[name] = _query(name, description, {**crs, "default": CRS84.uri})
    return found


def _header(name: str, description: str) -> Object:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _query(name: str, description: str, schema: Object) -> Object:
    parameter: Object = {"name": name, "in": "query", "description": description, "schema": schema}
    return parameter | ({"style": "form", "explode": False} if schema["type"] == "array" else {})


def _schemas() -> Object:
    link = {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
    }
    links = {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}
    feature = {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer"},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object"},
            "links": links,
        },
    }
    collection = {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
            "links": links,
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
        },
    }
    problem = {
        "type": "object",
        "properties": {
            **{name: {"type": "string"} for name in ("type", "title", "detail", "parameter")},
            "status": {"type": "integer"},
        },
    }
    return {"Link": link, "Feature": feature, "FeatureCollection": collection, "Problem": problem}
