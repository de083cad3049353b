"""Workers of a Dask cluster that work through a list of calls.

Everything else is as with children of this machine (`lidar.run.pool`): jobs are plain
functions of plain data that leave files, so the workers must see the same folders under
the same paths, and have the same version of the engine.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from importlib import import_module
from typing import Any, TypeAlias, TypeVar

import lidar
from lidar.errors import LidarError, SchedulerError, WorkerError
from lidar.io.sandbox import MEMORY_BYTES, Sandbox
from lidar.run.pool import LONGEST_S, POLL_S, Pool

J = TypeVar("J")
R = TypeVar("R")

# of distributed, whose methods are not typed
Client: TypeAlias = Any
Future: TypeAlias = Any
distributed: Any = import_module("distributed")

CONNECT_S = 30.0
_guards = threading.local()


class DaskPool(Pool):
    """The workers of a scheduler.

    A job runs in a child of the worker with a memory limit, so a damaged file kills
    neither the worker nor what else it holds. A worker that dies is replaced by another:
    parts appear by rename, so a job may be done twice.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.5:8786``.
    should_cancel : callable returning bool, optional

    Raises
    ------
    SchedulerError
        If no scheduler answers, it has no workers, or they have another engine.
    """

    def __init__(self, address: str, should_cancel: Callable[[], bool] | None = None) -> None:
        super().__init__(should_cancel)
        self._client = _connected(address)

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def outcomes(
        self, function: Callable[[J], R], jobs: Sequence[J]
    ) -> Generator[tuple[J, R | LidarError]]:
        """Yield each job with its result or the error it raised, in the order they finish."""
        finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
        waiting = {self._client.submit(guarded, function, job, pure=False): job for job in jobs}
        for future in list(waiting):
            future.add_done_callback(finished.put)
        try:
            for future in self._finished(finished, len(waiting)):
                yield waiting.pop(future), _outcome(future)
        finally:
            self._client.cancel(list(waiting))

    def _finished(self, finished: queue.SimpleQueue[Future], count: int) -> Iterator[Future]:
        while count:
            self.check_cancelled()
            try:
                future = finished.get(timeout=POLL_S)
            except queue.Empty:
                continue
            count -= 1
            yield future


def guarded(function: Callable[[J], R], job: J) -> R:
    """Call a function in this thread's child process, kept from call to call."""
    if not hasattr(_guards, "sandbox"):
        _guards.sandbox = Sandbox(MEMORY_BYTES, LONGEST_S)
    sandbox: Sandbox = _guards.sandbox
    return sandbox.call(function, job)


def engine_version() -> str:
    """Return the version of the engine that a worker has."""
    return lidar.__version__


def _outcome(future: Future) -> R | LidarError:
    error = future.exception()
    if error is None:
        result: R = future.result()
        return result
    if isinstance(error, LidarError):
        return error
    return WorkerError(
        f"a worker of the cluster failed: {type(error).__name__}: {str(error)[:200]}",
        kind=type(error).__name__,
    )


def _connected(address: str) -> Client:
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:  # a timeout is an OSError
        raise SchedulerError(
            f"no Dask scheduler answers at {address} ({error}); start one with "
            "`dask scheduler` and workers with `dask worker ADDRESS --nthreads 1`",
            address=address,
        ) from error
    try:
        _require_workers(client, address)
    except SchedulerError:
        client.close()
        raise
    return client


def _require_workers(client: Client, address: str) -> None:
    found: dict[str, str] = client.run(engine_version)
    if not found:
        raise SchedulerError(
            f"the Dask scheduler at {address} has no workers; start some with "
            f"`dask worker {address} --nthreads 1`",
            address=address,
        )
    others = {worker: v for worker, v in found.items() if v != lidar.__version__}
    if others:
        worker, theirs = next(iter(others.items()))
        raise SchedulerError(
            f"worker {worker} has engine {theirs}, this machine {lidar.__version__}; install the "
            "same version everywhere: results must not depend on who computes them",
            workers=others,
        )
