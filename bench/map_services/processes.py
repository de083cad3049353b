"""The product as a server of its own, a bare database connection, and the processor time that each of them takes.

Ratios are of processor time: what other programs take meanwhile does not show in it, and on a server that is busy it
is what decides how much is answered.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from bench.databases import admin_address


def cpu_s(pids: Iterable[int]) -> float:
    """Return the seconds that these processes have been on a processor, all threads together."""
    nanoseconds = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            nanoseconds += int(task.read_text().split()[0])
    return nanoseconds / 1e9


@dataclass(slots=True)
class Bare:
    """A connection of the superuser, whom no policy holds."""

    connection: psycopg2.extensions.connection

    @classmethod
    def connect(cls, database: str | None = None) -> Bare:
        """Connect to the database in use, or to another one of the server."""
        address = admin_address()
        connection = psycopg2.connect(address, **({"dbname": database} if database else {}))
        connection.autocommit = True
        return cls(connection)

    def value(self, statement: str, params: object = None) -> object:
        """Return the only value of a statement's answer."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, params)
            row = cursor.fetchone()
        return row[0] if row else None

    def rows(self, statement: str, params: object = None) -> list[tuple[object, ...]]:
        """Return all rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall()

    def processes(self) -> list[int]:
        """Return client and backend."""
        return [os.getpid(), self.connection.get_backend_pid()]


@dataclass(slots=True)
class Product:
    """The product over HTTP, with the processes that answer besides the database's."""

    port: int
    pids: list[int]
    database: str
    helpers: list[int]
    _socket: socket.socket

    def processes(self, bare: Bare) -> list[int]:
        """Return web process, helpers, and the database's backends that serve them."""
        found = bare.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename IN "
            "('forestgis_web', 'forestgis_map', 'forestgis_map_prefecture')",
            [self.database],
        )
        return [*self.pids, *self.helpers, *(int(str(pid)) for (pid,) in found)]

    def get(self, path: str, reader: Reader, headers: str = "") -> bytes:
        """Return the body of an answer over the one kept connection.

        Raises
        ------
        SystemExit
            If the answer is not 200 or 304.
        """
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{reader.header}{headers}\r\n"
        )
        self._socket.sendall(request.encode())
        head, body = self._head()
        status = head.split(b" ", 2)[1]
        if status not in (b"200", b"304"):
            raise SystemExit(f"{path}: {head.decode(errors='replace')[:500]}")
        length = _content_length(head)
        while len(body) < length:
            body += self._socket.recv(1 << 18)
        return body

    def _head(self) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            if not (more := self._socket.recv(1 << 18)):
                raise SystemExit("the web process closed the connection")
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        return head, body


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with a token."""

    kind: str
    code: str | None
    header: str


@contextmanager
def product(
    database: str, helpers: list[int] | None = None, *, application: str = "forestgis.wsgi"
) -> Iterator[Product]:
    """Run one web process on a free port until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}",
        "--workers", "1", "--threads", "2", "--worker-class", "gthread", "--keep-alive", "600",
    ]  # fmt: skip
    master = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        connection = _connected(port)
        yield Product(
            port, [master.pid, *_children(master.pid)], database, helpers or [], connection
        )
        connection.close()
    finally:
        master.terminate()
        master.wait(30)


def _connected(port: int) -> socket.socket:
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", port), 600)
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the web process does not listen")


def _children(pid: int) -> list[int]:
    for _ in range(100):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if found:
            return [int(child) for child in found]
        time.sleep(0.1)
    raise SystemExit("gunicorn has no worker")


def make_reader(kind: str, code: str | None = None) -> Reader:
    """Store a person of the prefecture, or of a municipality, and return how a program of theirs asks."""
    from forestgis.accounts.models import Organisation, User
    from forestgis.accounts.principals import principal_of
    from forestgis.accounts.services import create_token
    from forestgis.registry.operator import OPERATOR
    from forestgis.tenancy.principal import acting_as, transaction_as

    with transaction_as(OPERATOR):
        organisation, _ = Organisation.objects.get_or_create(
            kind=kind, code5=code, defaults={"name": f"bench {kind} {code or ''}".strip()}
        )
        name = f"bench-{kind}-{time.time_ns()}"
        role = "prefecture_staff" if kind == "prefecture" else "municipal_officer"
        person = User.objects.create_user(name, None, organisation=organisation, role=role)
    with acting_as(principal_of(person)):
        secret = create_token(person, "bench", scopes=["read"], days=1).secret
    basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return Reader(kind, code, f"Authorization: Basic {basic}\r\n")
