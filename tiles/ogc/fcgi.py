"""A FastCGI client for one request, and a pool of responder processes behind a Unix socket.

Protocol: FastCGI Specification 1.0 (Open Market, 1996), one request a connection.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tiles.errors import MapServerError

_HEADER = struct.Struct("!BBHHBx")
_BEGIN, _END, _PARAMS, _STDIN, _STDOUT, _STDERR = 1, 3, 4, 5, 6, 7
_RESPONDER = 1
_MAX_CONTENT = 65535


@dataclass(frozen=True, slots=True)
class Response:
    """What the responder answered; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    stderr: bytes = b""


def call(socket_path: str, params: Mapping[str, str], *, timeout_s: float = 60.0) -> Response:
    """Send one GET request to a FastCGI responder.

    Parameters
    ----------
    socket_path : str
        Unix socket of the pool.
    params : mapping
        The CGI variables of this request; they replace the process's environment for its duration.

    Raises
    ------
    MapServerError
        If the socket cannot be reached, the time runs out, or the answer breaks off.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(socket_path)
            connection.sendall(_request(params))
            out, err = _read(connection)
    except OSError as error:
        raise MapServerError(
            f"the map server at {socket_path} does not answer ({error}); is it running?",
            socket=socket_path,
        ) from error
    return _response(out, err)


def _request(params: Mapping[str, str]) -> bytes:
    begin = struct.pack("!HB5x", _RESPONDER, 0)
    encoded = b"".join(_pair(name.encode(), value.encode()) for name, value in params.items())
    chunks = [encoded[at : at + _MAX_CONTENT] for at in range(0, len(encoded), _MAX_CONTENT)]
    records = [
        (_BEGIN, begin),
        *((_PARAMS, chunk) for chunk in chunks),
        (_PARAMS, b""),
        (_STDIN, b""),
    ]
    return b"".join(
        _HEADER.pack(1, kind, 1, len(content), 0) + content for kind, content in records
    )


def _pair(name: bytes, value: bytes) -> bytes:
    return _length(len(name)) + _length(len(value)) + name + value


def _length(size: int) -> bytes:
    return bytes([size]) if size < 128 else struct.pack("!I", size | 0x80000000)


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    streams: dict[int, list[bytes]] = {_STDOUT: [], _STDERR: []}
    with connection.makefile("rb") as stream:
        while header := stream.read(_HEADER.size):
            if len(header) < _HEADER.size:
                break
            _, kind, _, size, padding = _HEADER.unpack(header)
            content = stream.read(size)
            stream.read(padding)
            if kind == _END:
                return b"".join(streams[_STDOUT]), b"".join(streams[_STDERR])
            streams.setdefault(kind, []).append(content)
    raise MapServerError("the map server broke off its answer")


def _response(out: bytes, err: bytes) -> Response:
    head, separator, body = out.partition(b"\r\n\r\n")
    if not separator:
        head, separator, body = out.partition(b"\n\n")
    if not separator:
        raise MapServerError("the map server answered without headers")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head.decode("latin-1").splitlines())
    }
    status = int(headers.pop("status", "200").split()[0])
    return Response(status, headers, body, err)


@contextlib.contextmanager
def pool(
    program: str, socket_path: Path, environment: Mapping[str, str], *, processes: int = 1
) -> Iterator[Path]:
    """Run responder processes on a new Unix socket for the duration of the block.

    Parameters
    ----------
    program : str
        The FastCGI program; it gets the listening socket as descriptor 0, as the specification wants.
    socket_path : Path
        Must not exist and be shorter than 107 bytes.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(socket_path))
        listener.listen(64)
        running = [
            subprocess.Popen([program], stdin=listener.fileno(), env=dict(environment))  # noqa: S603
            for _ in range(processes)
        ]
        try:
            yield socket_path
        finally:
            # mapserv heeds no SIGTERM while it waits for a request.
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                process.wait(timeout=10)
            socket_path.unlink(missing_ok=True)
