"""SQL of a vector tile (Mapbox Vector Tile 2.1) of a declared layer."""

from __future__ import annotations

from tiles.errors import TileAddressError
from tiles.layer import Field, FieldType, Layer

MAX_ZOOM = 22
EXTENT = 4096
BUFFER = 64
CONTENT_TYPE = "application/vnd.mapbox-vector-tile"


def check_address(z: int, x: int, y: int) -> None:
    """Raise TileAddressError unless the tile exists (zoom 0 to 22)."""
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise TileAddressError(z, x, y)


def tile_sql(layer: Layer) -> str:
    """Return a statement with the parameters `z`, `x`, `y` (pyformat) that gives one tile as bytes.

    The envelope stands inline in both places and the stored web Mercator column is compared by `&&`, which is what
    lets the spatial index answer. Only declared fields enter the tile; the view's key becomes the feature id.
    """
    source, _ = layer.vector
    columns = "".join(f", {column_sql(field)} AS {field.name}" for field in layer.fields)
    envelope = "ST_TileEnvelope(%(z)s, %(x)s, %(y)s)"
    widened = f"ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {BUFFER / EXTENT})"
    # Every name has passed tiles.layer's check, and the address travels as parameters.
    return (
        f"SELECT ST_AsMVT(tile, '{layer.name}', {EXTENT}, 'geom', 'fid') FROM ("  # noqa: S608
        f"SELECT ST_AsMVTGeom({source.geom_3857}, {envelope}, {EXTENT}, {BUFFER}, true) AS geom,"
        f" {source.key} AS fid{columns}"
        f" FROM {source.relation} WHERE {source.geom_3857} && {widened}) AS tile"
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
