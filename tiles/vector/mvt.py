"""SQL of a vector tile (Mapbox Vector Tile 2.1) of a declared layer."""

from __future__ import annotations

import math

from tiles.errors import TileAddressError
from tiles.layer import Field, FieldType, Layer, VectorSource
from tiles.style.model import Label

MAX_ZOOM = 22
EXTENT = 4096
BUFFER = 64
CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
# The rows of a layer are called `_row` in the statements: no declared name begins so, and could be taken for them.
_ENVELOPE = "ST_TileEnvelope(%(z)s, %(x)s, %(y)s)"


def check_address(z: int, x: int, y: int) -> None:
    """Raise TileAddressError unless the tile exists (zoom 0 to 22)."""
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise TileAddressError(z, x, y)


def tile_sql(layer: Layer) -> str:
    """Return a statement with the parameters `z`, `x`, `y` (pyformat) that gives one tile as bytes.

    The tile has one layer of features and, for areas with labels, one of the points where their labels stand.
    Layers of a tile are written one behind the other (Mapbox Vector Tile 2.1, section 4.1).
    """
    source, style = layer.vector
    features = _features(layer, source)
    if style.label is None or layer.label_layer is None:
        return f"SELECT {features}"
    field = next(field for field in layer.fields if field.name == style.label.field)
    return f"SELECT {features} || {_label_points(layer.label_layer, source, style.label, field)}"


def _features(layer: Layer, source: VectorSource) -> str:
    """Return the sub-select of the features.

    The envelope stands inline in both places and the stored web Mercator column is compared by `&&`, which is what
    lets the spatial index answer. Only declared fields enter the tile; the view's key becomes the feature id.
    """
    columns = "".join(f", {column_sql(field)} AS {field.name}" for field in layer.fields)
    widened = f"ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {BUFFER / EXTENT})"
    # Every name has passed tiles.layer's check, and the address travels as parameters.
    return (
        f"(SELECT ST_AsMVT(_row, '{layer.name}', {EXTENT}, 'geom', 'fid') FROM ("  # noqa: S608
        f"SELECT ST_AsMVTGeom({source.geom_3857}, {_ENVELOPE}, {EXTENT}, {BUFFER}, true) AS geom,"
        f" {source.key} AS fid{columns}"
        f" FROM {source.relation} WHERE {source.geom_3857} && {widened}) AS _row)"
    )


def _label_points(name: str, source: VectorSource, label: Label, field: Field) -> str:
    """Return the sub-select of the label points, each in the one tile that it lies in.

    A tile owns its western and northern edges. At zooms without labels the comparison of constants spares the scan.
    """
    point = source.label_3857
    zooms = f"%(z)s >= {math.floor(label.minzoom)}"
    if label.maxzoom is not None:
        zooms += f" AND %(z)s < {math.ceil(label.maxzoom)}"
    return (
        f"(SELECT ST_AsMVT(_row, '{name}', {EXTENT}, 'geom', 'fid') FROM ("  # noqa: S608
        f"SELECT ST_AsMVTGeom({point}, {_ENVELOPE}, {EXTENT}, 0, false) AS geom,"
        f" {source.key} AS fid, {column_sql(field)} AS {field.name}"
        f" FROM {source.relation} WHERE {zooms} AND {source.geom_3857} && {_ENVELOPE}"
        f" AND ST_X({point}) >= ST_XMin({_ENVELOPE}) AND ST_X({point}) < ST_XMax({_ENVELOPE})"
        f" AND ST_Y({point}) > ST_YMin({_ENVELOPE}) AND ST_Y({point}) <= ST_YMax({_ENVELOPE})"
        f") AS _row)"
    )


def column_sql(field: Field) -> str:
    """Return the expression of a field as a tile carries it.

    A tile knows no decimals: the nearest double of the rounded number prints as the same digits.
    """
    if field.type is FieldType.DECIMAL:
        return f"round({field.name}, {field.decimals})::float8"
    if field.type is FieldType.DATE:
        return f"to_char({field.name}, 'YYYY-MM-DD')"
    return field.name
