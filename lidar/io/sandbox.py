"""A child process with a memory limit, for files that may crash their reader."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from lidar.errors import LidarError, WorkerError

P = ParamSpec("P")
R = TypeVar("R")

MEMORY_BYTES = 4 * 1024**3
TIMEOUT_S = 300.0
PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "COVERAGE_"),
    *("NUMBA_", "OMP_", "OPENBLAS_", "MKL_", "PROJ_", "GDAL_"),
)
START = "import sys; from lidar.io.sandbox import serve; serve(int(sys.argv[1]), int(sys.argv[2]))"


def limit_memory(bytes_: int) -> None:
    """Let this process take no more address space than so much, or less if so limited."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = bytes_ if hard == resource.RLIM_INFINITY else min(bytes_, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


class Sandbox:
    """Runs functions in one child process, started anew after it died.

    The child is a fresh interpreter that never imports the caller's main module,
    so this works from scripts, notebooks and servers alike. It ends with its parent.

    Parameters
    ----------
    memory_bytes : int
        Address space that the child may take.
    timeout_s : float
        Seconds after which a call is given up and the child killed.

    Examples
    --------
    >>> with Sandbox() as sandbox:  # doctest: +SKIP
    ...     sandbox.call(inspect_points, path)
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES, timeout_s: float = TIMEOUT_S) -> None:
        self._memory_bytes = memory_bytes
        self._timeout_s = timeout_s
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function returns in the child.

        Parameters
        ----------
        function : callable
            Importable by name; arguments and result are pickled.

        Raises
        ------
        LidarError
            The function's own.
        WorkerError
            If the child died, ran out of memory or time, or raised anything else;
            its field ``trace`` then tells where.
        """
        pipe = self._started()
        try:
            pipe.send((function, args, kwargs))
            if not pipe.poll(self._timeout_s):
                raise WorkerError(
                    f"no answer within {self._timeout_s:.0f} s; the file may be damaged or too large",
                    timeout_s=self._timeout_s,
                )
            good, result = pipe.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise WorkerError(
                f"the worker died; memory is limited to {self._memory_bytes // 1024**2} MB",
                memory_bytes=self._memory_bytes,
            ) from error
        except WorkerError:
            self.close()
            raise
        if not good:
            raise result
        return result  # type: ignore[no-any-return]

    def kill(self) -> None:
        """Kill the child; a call that waits for it in another thread raises."""
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """End the child; the next call starts another."""
        self.kill()
        child, pipe = self._child, self._pipe
        self._child = self._pipe = None
        if pipe is not None:
            pipe.close()
        if child is not None:
            child.wait()

    def _started(self) -> Connection:
        if self._pipe is None:
            self._pipe, theirs = multiprocessing.Pipe()
            with theirs:
                handle = theirs.fileno()
                self._child = subprocess.Popen(  # noqa: S603  our own interpreter and code
                    [sys.executable, "-c", START, str(handle), str(self._memory_bytes)],
                    pass_fds=[handle],
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                )
        return self._pipe


def _environment() -> dict[str, str]:
    """Return what a child needs to know: who reads strangers' files gets no keys and passwords."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path)}


def serve(handle: int, memory_bytes: int) -> None:
    """Answer calls that come through a pipe until it closes; the child's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    limit_memory(memory_bytes)
    pipe = Connection(handle)
    while True:
        try:
            function, args, kwargs = pipe.recv()
            pipe.send(_answer(function, args, kwargs))
        except (EOFError, ConnectionError):
            return  # the parent is gone


def _answer(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[bool, Any]:  # noqa: ANN401
    try:
        return True, function(*args, **kwargs)
    except LidarError as error:
        return False, error
    except BaseException as error:  # noqa: BLE001  decoders panic with BaseException
        kind = type(error).__name__
        message = f"the work failed with {kind}: {str(error)[:200]}"
        return False, WorkerError(message, kind=kind, trace=traceback.format_exc())
