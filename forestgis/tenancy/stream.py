"""Rows read in a transaction of their own: for answers that are sent while they are read, and for single statements."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from django.db import connections, transaction

from forestgis.tenancy import token
from forestgis.tenancy.principal import Principal, acting_as, current

Row = tuple[Any, ...]
Params = Sequence[Any] | Mapping[str, Any]
_FIRST = 100


_ALONE = "SELECT set_config('forestgis.principal', %(_principal)s, true); "


def row_of(sql: str, params: Mapping[str, Any], *, using: str) -> Row | None:
    """Return the first row of one SELECT under the current principal, in one round trip.

    Principal and statement travel together and are one transaction to the server. Inside a transaction of the
    connection the statement is part of that.

    Raises
    ------
    NoPrincipalError
        If there is no principal.
    """
    connection = connections[using]
    if connection.in_atomic_block:
        alone, signed = "", ""
    else:
        alone, signed = _ALONE, token.sign(current())
    with connection.cursor() as cursor:
        cursor.execute(alone + sql, {**params, "_principal": signed})
        row: Row | None = cursor.fetchone()
    return row


def stream_rows(
    sql: str,
    params: Params = (),
    *,
    using: str = "default",
    chunk: int = 2000,
    principal: Principal | None = None,
) -> Iterator[Row]:
    """Yield the rows of a query from a server-side cursor, in memory that does not grow.

    A streamed answer is read after the request's transaction has ended, so the
    rows come from a transaction of their own, under the principal that was
    current when this function was called.

    Parameters
    ----------
    sql : str
        One SELECT with placeholders.
    params : sequence or mapping
        Its parameters.
    using : str
        Database alias.
    chunk : int
        Rows a round trip.
    principal : Principal, optional
        On whose behalf; the current one unless given.

    Raises
    ------
    NoPrincipalError
        At the call, if there is no principal.
    """
    batches = stream_batches(sql, params, using=using, chunk=chunk, principal=principal)
    return (row for batch in batches for row in batch)


def stream_batches(
    sql: str,
    params: Params = (),
    *,
    using: str = "default",
    chunk: int = 2000,
    principal: Principal | None = None,
) -> Generator[list[Row], None, None]:
    """Yield the same rows in lists of at most `chunk`; the first is short, so that an answer begins early.

    Closing the generator ends the transaction, at the latest.
    """
    return _batches(sql, params, using, chunk, principal or current())


def _batches(
    sql: str, params: Params, using: str, chunk: int, principal: Principal
) -> Generator[list[Row], None, None]:
    with transaction.atomic(using=using):
        # Stated for the statement alone: a generator shares its context with its caller.
        with acting_as(principal):
            cursor = connections[using].chunked_cursor()
            cursor.execute(sql, params)
        with cursor:
            rows = cursor.fetchmany(min(_FIRST, chunk))
            while rows:
                yield rows
                rows = cursor.fetchmany(chunk)
