"""The conformance classes that the API fulfils."""

from __future__ import annotations

_SPEC = "http://www.opengis.net/spec"
_CLASSES = {
    "ogcapi-features-1/1.0": ("core", "oas30", "html", "geojson"),
    "ogcapi-features-2/1.0": ("crs",),
    "ogcapi-features-3/1.0": (
        "queryables",
        "queryables-query-parameters",
        "filter",
        "features-filter",
    ),
    "ogcapi-features-4/1.0": (
        "create-replace-delete",
        "update",
        "optimistic-locking-etags",
        "features",
    ),
    "cql2/1.0": (
        "cql2-text",
        "cql2-json",
        "basic-cql2",
        "advanced-comparison-operators",
        "case-insensitive-comparison",
        "basic-spatial-functions",
        "basic-spatial-functions-plus",
        "spatial-functions",
        "temporal-functions",
        "property-property",
        "arithmetic",
    ),
}

CONFORMS_TO = tuple(
    f"{_SPEC}/{part}/conf/{name}" for part, names in _CLASSES.items() for name in names
)
