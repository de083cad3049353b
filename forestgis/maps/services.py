"""Writes of the maps app: the tables that are prepared for maps."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction

_MUNICIPALITIES = """
    INSERT INTO maps_municipality (code, geom_z9, geom_z6)
    SELECT code, maps_simplified(geom_3857, 60), maps_simplified(geom_3857, 500) FROM registry_municipality
    ON CONFLICT (code) DO UPDATE SET geom_z9 = excluded.geom_z9, geom_z6 = excluded.geom_z6
"""


def prepare_all() -> Iterator[str]:
    """Make the prepared tables anew, a transaction a municipality; yield the code of each that is done."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MUNICIPALITIES)
        cursor.execute("SELECT code FROM registry_municipality ORDER BY code")
        codes = [code for (code,) in cursor.fetchall()]
    for code in codes:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT maps_show_register(%s)", [code])
        yield code
