"""Workers that go through a list of calls: children of this machine, or a Dask cluster."""

from __future__ import annotations

import queue
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing
from typing import TypeVar

from lidar.errors import LidarError, RunCancelledError
from lidar.io.sandbox import MEMORY_BYTES, Sandbox

J = TypeVar("J")
R = TypeVar("R")

LONGEST_S = 3600.0
POLL_S = 0.5


class Pool(ABC):
    """Workers that call a function for each job of a list; ends with its ``with`` block.

    Parameters
    ----------
    should_cancel : callable returning bool, optional
        Asked every half second.
    """

    def __init__(self, should_cancel: Callable[[], bool] | None = None) -> None:
        self._should_cancel = should_cancel or (lambda: False)

    def __enter__(self) -> Pool:
        return self

    @abstractmethod
    def __exit__(self, *_: object) -> None:
        """Let the workers go."""

    @abstractmethod
    def outcomes(
        self, function: Callable[[J], R], jobs: Sequence[J]
    ) -> Generator[tuple[J, R | LidarError]]:
        """Yield each job with its result or the error it raised, in the order they finish.

        Raises
        ------
        RunCancelledError
            If asked to stop.
        """

    def map(self, function: Callable[[J], R], jobs: Sequence[J]) -> Iterator[tuple[J, R]]:
        """Yield each job with its result, in the order they finish.

        Raises
        ------
        RunCancelledError
            If asked to stop; running jobs are given up.
        LidarError
            The first that a job raised; running jobs are given up.
        """
        with closing(self.outcomes(function, jobs)) as outcomes:
            for job, outcome in outcomes:
                if isinstance(outcome, LidarError):
                    raise outcome
                yield job, outcome

    def check_cancelled(self) -> None:
        """Raise where the caller asks to stop.

        Raises
        ------
        RunCancelledError
        """
        if self._should_cancel():
            raise RunCancelledError("the run was stopped; start it again to go on where it stopped")


def open_pool(
    workers: int, scheduler: str | None, should_cancel: Callable[[], bool] | None
) -> Pool:
    """Return the workers of a Dask scheduler where one is named, else children of this machine.

    Raises
    ------
    SchedulerError
        If the scheduler cannot be used.
    """
    if scheduler is None:
        return LocalPool(workers, should_cancel)
    from lidar.run.dask_pool import DaskPool  # half a second, and seldom needed

    return DaskPool(scheduler, should_cancel)


class LocalPool(Pool):
    """Up to `workers` children, each with a memory limit; started when needed.

    Parameters
    ----------
    workers : int
        0 works in this process: for notebooks and debugging, without protection.
    should_cancel : callable returning bool, optional
    """

    def __init__(self, workers: int, should_cancel: Callable[[], bool] | None = None) -> None:
        super().__init__(should_cancel)
        self._workers = workers
        self._idle: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        self._all = [Sandbox(MEMORY_BYTES, LONGEST_S) for _ in range(workers)]
        for sandbox in self._all:
            self._idle.put(sandbox)

    def __exit__(self, *_: object) -> None:
        for sandbox in self._all:
            sandbox.close()

    def outcomes(
        self, function: Callable[[J], R], jobs: Sequence[J]
    ) -> Generator[tuple[J, R | LidarError]]:
        """Yield each job with its result or the error it raised, in the order they finish.

        Raises
        ------
        RunCancelledError
            If asked to stop; running jobs are killed.
        """
        if not self._workers:
            for job in jobs:
                self.check_cancelled()
                yield job, _outcome(_here, function, job)
            return
        with ThreadPoolExecutor(self._workers) as threads:
            waiting = {threads.submit(self._call, function, job): job for job in jobs}
            try:
                yield from self._finished(waiting)
            except BaseException:
                for future in waiting:
                    future.cancel()
                for sandbox in self._all:
                    sandbox.kill()
                raise

    def _finished(
        self, waiting: dict[Future[R | LidarError], J]
    ) -> Iterator[tuple[J, R | LidarError]]:
        while waiting:
            self.check_cancelled()
            try:
                future = next(as_completed(waiting, timeout=POLL_S))
            except TimeoutError:
                continue
            job = waiting.pop(future)
            yield job, future.result()

    def _call(self, function: Callable[[J], R], job: J) -> R | LidarError:
        sandbox = self._idle.get()
        try:
            return _outcome(sandbox.call, function, job)
        finally:
            self._idle.put(sandbox)


def _here(function: Callable[[J], R], job: J) -> R:
    return function(job)


def _outcome(
    call: Callable[[Callable[[J], R], J], R], function: Callable[[J], R], job: J
) -> R | LidarError:
    try:
        return call(function, job)
    except LidarError as error:
        return error
