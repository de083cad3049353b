"""Which function does which kind of job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from forestgis.jobs.context import JobContext
from forestgis.jobs.errors import UnknownJobError

Result = Mapping[str, Any] | None
Handler = Callable[[JobContext], Result]
_handlers: dict[str, Handler] = {}


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function for jobs of this kind.

    It runs under the principal of who asked, outside any transaction: it opens its own
    where it reads or writes (`django.db.transaction.atomic`). A worker may die in the middle
    and another start the job again, so the function must bring the same end twice. What it
    returns is stored as the job's result; the message of a `JobError`, or of any error of the
    project's own families (they carry a `code`), is shown as the reason of a failure.

    Parameters
    ----------
    kind : str
        ``app.verb``, unique.
    """

    def register(function: Handler) -> Handler:
        known = _handlers.setdefault(kind, function)
        if known is not function and known.__module__ != function.__module__:
            raise ValueError(f"job kind {kind!r} has two handlers: {known} and {function}")
        _handlers[kind] = function
        return function

    return register


def handler_for(kind: str) -> Handler:
    """Return the function for a kind of job.

    Raises
    ------
    UnknownJobError
        If there is none.
    """
    try:
        return _handlers[kind]
    except KeyError:
        known = ", ".join(sorted(_handlers)) or "none"
        raise UnknownJobError(f"no handler for jobs of kind {kind!r}; known: {known}") from None
