"""The MapServer map file of the layers' features, for WFS 1.1.0. What `mapfile` says of connections holds here too."""

from __future__ import annotations

from collections.abc import Iterable

from tiles.features.rows import NAMESPACE, PREFIX
from tiles.layer import Field, FieldType, Geometry, Layer
from tiles.ogc.crs import EPSG_CODES
from tiles.ogc.wfs11 import MAX_FEATURES
from tiles.style.mapclass import block, indent, quoted
from tiles.style.mapfile import EXTENT_3857, metadata_block, projection_block

NAME = "features"
"""What the map is called in MapServer's configuration."""

_TYPES = {
    FieldType.TEXT: "Character",
    FieldType.INTEGER: "Integer",
    FieldType.DECIMAL: "Real",
    # As a date GDAL could not read the schema, and would guess types.
    FieldType.DATE: "Character",
    FieldType.BOOLEAN: "Character",
}
_GEOMETRIES = {
    Geometry.MULTIPOLYGON: "multipolygon",
    Geometry.POLYGON: "polygon",
    Geometry.MULTILINESTRING: "multiline",
}


def wfs_map_file(title: str, abstract: str, layers: Iterable[Layer]) -> str:
    """Return the text of the map file."""
    metadata = {
        "wfs_title": title,
        "wfs_abstract": abstract,
        "ows_encoding": "UTF-8",
        "wfs_srs": " ".join(f"EPSG:{code}" for code in (6668, *EPSG_CODES)),
        "wfs_namespace_prefix": PREFIX,
        "wfs_namespace_uri": NAMESPACE,
        "wfs_enable_request": "GetCapabilities DescribeFeatureType GetFeature",
        "wfs_maxfeatures": str(MAX_FEATURES),
    }
    parts = [
        'NAME "forestgis_features"',
        "SIZE 10 10",
        "EXTENT " + " ".join(map(str, EXTENT_3857)),
        "UNITS METERS",
        "IMAGETYPE png",
        'CONFIG "MS_ERRORFILE" "stderr"',
        projection_block(),
        block("WEB", metadata_block(metadata)),
        *(_layer(layer) for layer in layers if not layer.is_raster),
    ]
    return "\n".join(["MAP", *(indent(part) for part in parts), "END", ""])


def _layer(layer: Layer) -> str:
    """Return a LAYER block. Pages are cut without an order of their own, so that the rows come with one."""
    source, _ = layer.vector
    columns = ", ".join([source.key, source.geom_3857, *map(_column, layer.fields)])
    rows = f"select {columns} from {source.relation} order by {source.key}"  # noqa: S608
    data = f"{source.geom_3857} from ({rows}) as q using unique {source.key} using srid=3857"
    metadata = {
        "wfs_title": layer.title.ja,
        "wfs_abstract": f"{layer.title.en}. {layer.attribution.ja}.",
        "gml_featureid": source.key,
        "gml_include_items": ",".join(field.name for field in layer.fields),
        "gml_geometries": source.geom,
        f"gml_{source.geom}_type": _GEOMETRIES[source.geometry],
        "wfs_use_default_extent_for_getfeature": "false",
        **{f"gml_{field.name}_type": _TYPES[field.type] for field in layer.fields},
    }
    return block(
        "LAYER",
        f"NAME {quoted(layer.name)}",
        "TYPE " + ("POLYGON" if source.geometry.is_area else "LINE"),
        "STATUS ON",
        "CONNECTIONTYPE POSTGIS",
        'CONNECTION "application_name=forestgis_wfs"',
        "EXTENT " + " ".join(map(str, EXTENT_3857)),
        f"DATA {quoted(data)}",
        projection_block(),
        metadata_block(metadata),
    )


def _column(field: Field) -> str:
    if field.type in (FieldType.BOOLEAN, FieldType.DATE):
        return f"{field.name}::text as {field.name}"
    return field.name
