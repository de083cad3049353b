"""Reads of the maps app. The database filters every one of them for the principal of the transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connections

from forestgis.maps.catalogue import BY_NAME
from forestgis.tenancy.stream import Prepared, row_of
from tiles.layer import Bounds, Layer
from tiles.raster.grid import Grid
from tiles.vector import mvt

_PRODUCTS_AT = """
    SELECT fid, path, run, (published_at AT TIME ZONE 'Asia/Tokyo')::date FROM {relation}
    WHERE kind = %(kind)s
      AND footprint_3857 && ST_Transform(ST_MakeEnvelope(%(left)s, %(bottom)s, %(right)s, %(top)s, %(epsg)s), 3857)
    ORDER BY published_at DESC, fid
    LIMIT 64
"""


_SURVEYED = """
    SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
    FROM (SELECT ST_Extent(ST_Transform(footprint_3857, 4326)) FROM map_raster_product) AS box(e)
"""


def surveyed_bounds(*, using: str) -> Bounds | None:
    """Return the extent of the surveys that the reader may see, in degrees; None if there are none."""
    with connections[using].cursor() as cursor:
        cursor.execute(_SURVEYED)
        west, south, east, north = cursor.fetchone()
    return None if west is None else (west, south, east, north)


def vector_tile(layer: Layer, z: int, x: int, y: int, *, using: str) -> bytes:
    """Return a vector tile of the rows that the reader may see; empty bytes where there are none."""
    row = row_of(_tile_statement(layer.name, z), _SQUARES, {"z": z, "x": x, "y": y}, using=using)
    return bytes(row[0]) if row and row[0] is not None else b""


_SQUARES = f"{mvt.TILE}, {mvt.AROUND}"


@lru_cache(maxsize=1000)
def _tile_statement(name: str, z: int) -> Prepared:
    """Return the statement of a layer's tiles at a zoom; the zooms between two levels share one."""
    sql = mvt.tile_sql(BY_NAME[name], z, tile="$1", around="$2")
    digest = hashlib.sha256(sql.encode()).hexdigest()[:20]
    return Prepared(f"tile_{digest}", ("geometry", "geometry"), sql)


@dataclass(frozen=True, slots=True)
class Product:
    """A raster file that the reader may see, of a published run."""

    key: int
    file: Path
    run: str
    published_on: dt.date


def products_at(layer: Layer, grid: Grid, *, using: str) -> list[Product]:
    """Return the products of a raster layer under a picture that the reader may see, newest publication first."""
    source, _ = layer.raster
    statement = _PRODUCTS_AT.format(relation=source.relation)
    bounds = dict(zip(("left", "bottom", "right", "top"), grid.bounds, strict=True))
    with connections[using].cursor() as cursor:
        cursor.execute(statement, {"kind": source.kind, "epsg": grid.epsg, **bounds})
        rows = cursor.fetchall()
    return [
        Product(key, file, run, published_on)
        for key, path, run, published_on in rows
        if (file := _inside_store(path)) is not None
    ]


def product_file(key: int, *, using: str) -> Path | None:
    """Return the file of one product, or None where the reader may see no such product."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT path FROM map_raster_product WHERE fid = %s", [key])
        row = cursor.fetchone()
    return _inside_store(row[0]) if row else None


def _inside_store(path: str) -> Path | None:
    """Return the absolute path of a product, or None if it points out of the store or is gone."""
    store = Path(settings.FORESTGIS_FILES).resolve()
    found = (store / path).resolve()
    return found if found.is_relative_to(store) and found.is_file() else None
