"""What the base pages read from the database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from forestgis.tenancy.principal import Principal

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

HOKKAIDO: Bounds = (139.3, 41.3, 145.9, 45.6)

# A footprint a product and one row a municipality: small tables, whatever the number of 小班. A survey may lie far away
# (a foreign sample, say), and a view of both would show neither: what lies at home counts, else the newest.
_PUBLISHED = """
    SELECT ST_Extent(ST_Transform(footprint_3857, 4326))
    FROM (
        SELECT footprint_3857, published_at, at_home,
               max(published_at) OVER () AS newest, bool_or(at_home) OVER () AS any_at_home
        FROM map_raster_product,
             LATERAL (
                 SELECT footprint_3857 && ST_Transform(ST_MakeEnvelope(%s, %s, %s, %s, 4326), 3857) AS at_home
             ) AS place
        WHERE municipality_code = ANY(%s) OR %s
    ) AS product
    WHERE at_home OR (NOT any_at_home AND published_at = newest)
"""
_RUN = "SELECT ST_Extent(ST_Transform(footprint_3857, 4326)) FROM map_raster_product WHERE run = %s"
_MUNICIPALITIES = """
    SELECT ST_Extent(ST_Transform(geom, 4326)) FROM registry_municipality WHERE code = ANY(%s)
"""


def published_bounds(principal: Principal) -> Bounds | None:
    """Return the extent of what is published of the principal's municipalities in their area, None if nothing is.

    Where all of it lies elsewhere, it is the extent of the newest publication. The prefecture has no municipality of
    its own: it gets the extent of all that it may see in Hokkaido.
    """
    everything = principal.kind == "prefecture" and not principal.codes
    return _extent(_PUBLISHED, [*home_bounds(principal), list(principal.codes), everything])


def run_bounds(run_id: UUID) -> Bounds | None:
    """Return the extent of a published run, None if the reader sees none of that number."""
    return _extent(_RUN, [str(run_id)])


def home_bounds(principal: Principal) -> Bounds:
    """Return the extent of the principal's municipalities, all of Hokkaido if it has none."""
    return _extent(_MUNICIPALITIES, [list(principal.codes)]) or HOKKAIDO


def _extent(sql: str, params: list[Any]) -> Bounds | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM ({sql}) AS box(e)",  # noqa: S608
            params,
        )
        row = cursor.fetchone()
    return None if row is None or row[0] is None else (row[0], row[1], row[2], row[3])
