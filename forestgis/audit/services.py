"""The one thing that Python writes into the trail: that somebody read personal data. Changes are written by triggers."""

from __future__ import annotations

from django.db import connection, transaction


def record_read(
    purpose: str, table: str, row_key: str = "", *, municipality_code: str | None, rows: int = 1
) -> None:
    """Write down that the acting principal reads personal data; call it before the reading.

    The entry is part of the open transaction, as the reading is: without the one there is not the other.

    Parameters
    ----------
    purpose : str
        What for, in the reader's words; never empty.
    table : str
        What is read: the table's name.
    row_key : str
        Whose data: the row's key; empty for a list.
    municipality_code : str or None
        Whose row it is; None only for a list of the prefecture over several.
    rows : int
        How many persons' data.

    Raises
    ------
    django.db.IntegrityError
        Without a purpose.
    django.db.ProgrammingError
        Without a principal, or for a municipality that is not the reader's.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tenancy.record_read(%s, %s, %s, %s, %s)",
            [table, str(row_key), municipality_code, rows, purpose],
        )
