"""SQL of a vector tile (Mapbox Vector Tile 2.1) of a declared layer."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tiles.errors import TileAddressError
from tiles.layer import Field, FieldType, Layer
from tiles.style.model import Label

MAX_ZOOM = 22
EXTENT = 4096
BUFFER = 64
CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
# Names of our own in the statements begin with `_`: no declared name does, and could be taken for them.
TILE = "ST_TileEnvelope(%(z)s, %(x)s, %(y)s)"
"""A tile's square; SQL with the parameters z, x, y."""
AROUND = f"ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {BUFFER / EXTENT})"
"""The same with the strip around it whose features are drawn too, so that no edge shows."""


def check_address(z: int, x: int, y: int) -> None:
    """Raise TileAddressError unless the tile exists (zoom 0 to 22)."""
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise TileAddressError(z, x, y)


def tile_sql(layer: Layer, z: int, *, tile: str = TILE, around: str = AROUND) -> str:
    """Return a statement that gives a tile of zoom `z` as bytes.

    The tile has one layer of features and, for areas at zooms with labels, one of the points where their labels
    stand. Layers of a tile are written one behind the other (Mapbox Vector Tile 2.1, section 4.1).

    Parameters
    ----------
    tile, around : str
        SQL of the tile's square and of what is read for it: with parameters (pyformat), or `$1` and `$2` in a
        statement that is prepared. All zooms between two levels of a layer share one statement then.
    """
    source, style = layer.vector
    level = source.level_at(z)
    if level is not None:
        fields = [field for field in layer.fields if field.name in level.fields]
        rows = _rows(level.relation, source.key, level.geom_3857, fields, around)
        return f"SELECT {_features(layer.name, fields, rows, tile)}"
    label = style.label
    if label is None or layer.label_layer is None or not _labelled(label, z):
        rows = _rows(source.relation, source.key, source.geom_3857, layer.fields, around)
        return f"SELECT {_features(layer.name, layer.fields, rows, tile)}"
    seen = _rows(
        source.relation,
        source.key,
        source.geom_3857,
        layer.fields,
        around,
        also=source.label_3857,
    )
    # Read once for both layers of the tile.
    return (
        f"WITH _seen AS MATERIALIZED {seen} "
        f"SELECT {_features(layer.name, layer.fields, '_seen', tile)}"
        f" || {_label_points(layer.label_layer, label.field, tile)}"
    )


def _labelled(label: Label, z: int) -> bool:
    return math.floor(label.minzoom) <= z and (
        label.maxzoom is None or z < math.ceil(label.maxzoom)
    )


def _rows(
    relation: str,
    key: str,
    geometry: str,
    fields: Iterable[Field],
    around: str,
    also: str | None = None,
) -> str:
    """Return the sub-select of the rows under a tile.

    The envelope stands inline and the stored web Mercator column is compared by `&&`, which is what lets the spatial
    index answer. Only declared fields enter the tile; the view's key becomes the feature id.
    """
    columns = "".join(f", {column_sql(field)} AS {field.name}" for field in fields)
    point = f", {also} AS _label" if also else ""
    # Every name has passed tiles.layer's check, and the address travels as parameters.
    return (
        f"(SELECT {key} AS fid, {geometry} AS _shape{point}{columns}"  # noqa: S608
        f" FROM {relation} WHERE {geometry} && {around})"
    )


def _features(name: str, fields: Iterable[Field], rows: str, tile: str) -> str:
    """Return the sub-select of the tile's features; what is smaller than the tile's grid is left out."""
    columns = "".join(f", {field.name}" for field in fields)
    return (
        f"(SELECT ST_AsMVT(_row, '{name}', {EXTENT}, 'geom', 'fid') FROM ("  # noqa: S608
        f"SELECT ST_AsMVTGeom(_shape, {tile}, {EXTENT}, {BUFFER}, true) AS geom, fid{columns}"
        f" FROM {rows} AS _source) AS _row)"
    )


def _label_points(name: str, field: str, tile: str) -> str:
    """Return the sub-select of the label points, each in the one tile that it lies in.

    A tile owns its western and northern edges.
    """
    return (
        f"(SELECT ST_AsMVT(_row, '{name}', {EXTENT}, 'geom', 'fid') FROM ("  # noqa: S608
        f"SELECT ST_AsMVTGeom(_label, {tile}, {EXTENT}, 0, false) AS geom, fid, {field} FROM _seen"
        f" WHERE ST_X(_label) >= ST_XMin({tile}) AND ST_X(_label) < ST_XMax({tile})"
        f" AND ST_Y(_label) > ST_YMin({tile}) AND ST_Y(_label) <= ST_YMax({tile})"
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
