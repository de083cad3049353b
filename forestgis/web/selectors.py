"""What the base pages read from the database."""

from __future__ import annotations

from django.db import connection

from forestgis.tenancy.principal import Principal

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

HOKKAIDO: Bounds = (139.3, 41.3, 145.9, 45.6)

# A footprint a product and one row a municipality: small tables, whatever the number of 小班.
_PUBLISHED = """
    SELECT ST_Extent(ST_Transform(footprint_3857, 4326)) FROM map_raster_product
    WHERE municipality_code = ANY(%s) OR %s
"""
_MUNICIPALITIES = """
    SELECT ST_Extent(ST_Transform(geom, 4326)) FROM registry_municipality WHERE code = ANY(%s)
"""


def published_bounds(principal: Principal) -> Bounds | None:
    """Return the extent of what is published of the principal's municipalities, None if nothing is.

    The prefecture has no municipality of its own: it gets the extent of all that it may see.
    """
    everything = principal.kind == "prefecture" and not principal.codes
    return _extent(_PUBLISHED, [list(principal.codes), everything])


def home_bounds(principal: Principal) -> Bounds:
    """Return the extent of the principal's municipalities, all of Hokkaido if it has none."""
    return _extent(_MUNICIPALITIES, [list(principal.codes)]) or HOKKAIDO


def _extent(sql: str, params: list[list[str] | bool]) -> Bounds | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM ({sql}) AS box(e)",  # noqa: S608
            params,
        )
        row = cursor.fetchone()
    return None if row is None or row[0] is None else (row[0], row[1], row[2], row[3])
