"""Rows read in a transaction of their own: for answers that are sent while they are read, and for single statements."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from forestgis.tenancy import token
from forestgis.tenancy.principal import Principal, acting_as, current

Row = tuple[Any, ...]
Params = Sequence[Any] | Mapping[str, Any]
_FIRST = 100


_ALONE = "SELECT set_config('forestgis.principal', %(_principal)s, true); "


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that a connection plans once.

    Attributes
    ----------
    name : str
        Unique among the statements of a connection: lower-case letters, digits and `_`.
    types : tuple of str
        SQL types of its parameters.
    sql : str
        One SELECT with `$1`, `$2`, ... for the parameters.
    """

    name: str
    types: tuple[str, ...]
    sql: str


def row_of(
    statement: Prepared, arguments: str, params: Mapping[str, Any], *, using: str
) -> Row | None:
    """Return the first row of a prepared statement under the current principal, in one round trip.

    Principal and statement travel together and are one transaction to the server. Inside a transaction of the
    connection the statement is part of that.

    Parameters
    ----------
    arguments : str
        SQL of the statement's arguments with placeholders for `params`.

    Raises
    ------
    NoPrincipalError
        If there is no principal.
    """
    connection = connections[using]
    principal = current()
    with connection.cursor() as cursor:
        _prepare(connection, cursor, statement)
        execute = f"EXECUTE {statement.name} ({arguments})"
        if connection.in_atomic_block:
            cursor.execute(execute, params)
        else:
            cursor.execute(_ALONE + execute, {**params, "_principal": token.sign(principal)})
        row: Row | None = cursor.fetchone()
    return row


def _prepare(connection: Any, cursor: CursorWrapper, statement: Prepared) -> None:  # noqa: ANN401 - the backend's own class
    if statement.name in connection.prepared:
        return
    # Planned without regard to the values, which are boxes of any place: the spatial index is right for all of them.
    cursor.execute("SET plan_cache_mode = force_generic_plan")
    types = ", ".join(statement.types)
    cursor.execute(f"PREPARE {statement.name} ({types}) AS {statement.sql}")
    connection.prepared.add(statement.name)


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
