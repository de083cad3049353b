"""A lock that lives as long as the process that does a job, and dies with it.

No clock is needed to tell a dead worker from a slow one: PostgreSQL frees the
advisory lock when the connection of the process ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from django.db import connections

_sockets: set[int] = set()


def key_of(job_id: UUID) -> int:
    """Return the lock's number: 63 bits of the job's id."""
    return job_id.int >> 65


@contextmanager
def held(job_id: UUID) -> Iterator[bool]:
    """Hold the job's lock in the block, on a connection of its own; yield False if another has it."""
    connection = connections.create_connection("worker")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key_of(job_id)])
            mine: bool = cursor.fetchone()[0]
        _sockets.add(connection.connection.fileno())
        yield mine
    finally:
        _sockets.discard(connection.connection.fileno())
        connection.close()


def _let_go_in_child() -> None:
    """Close a forked child's copies: a child that outlives its killed parent must not hold the lock."""
    for socket in _sockets:
        with suppress(OSError):
            os.close(socket)
    _sockets.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
