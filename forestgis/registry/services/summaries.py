"""When summaries of 小班 are written: at each statement, or once at the end of a bulk load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_LATER = "SELECT set_config('forestgis.summarise_later', %s, true)"
_SUMMARISE = """
    SELECT registry_summarise(array_agg(id)) FROM registry_subcompartment
    WHERE municipality_code = %s AND edition = %s
"""


@contextmanager
def summarised_once(municipality_code: str, edition: int) -> Iterator[None]:
    """Load 小班 and storeys of one edition in a transaction, and summarise them once at its end.

    The triggers that keep `registry_summary` would write each row after the 小班 and again
    after its storeys. If the block fails, nothing of the transaction is left, summaries included.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LATER, ["on"])
        yield
        cursor.execute(_LATER, ["off"])
        cursor.execute(_SUMMARISE, [municipality_code, edition])
