"""One number through everything that a request or a job writes to the log."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
_ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")


def current_request_id() -> str:
    """Return the number of the request or job that is being worked on, or ``-``."""
    return _request_id.get()


@contextmanager
def request_id(number: str) -> Iterator[None]:
    """Write `number` beside every log line of the block."""
    before = _request_id.set(number)
    try:
        yield
    finally:
        _request_id.reset(before)


class RequestIdFilter(logging.Filter):
    """Give every log record the field `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the field; nothing is filtered out."""
        record.request_id = current_request_id()
        return True


class RequestIdMiddleware:
    """Number each request, taking over the number of a proxy in front, and answer with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the number in the header X-Request-ID."""
        given = request.headers.get("X-Request-ID", "")
        number = given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        with request_id(number):
            response = self._get_response(request)
        response.headers["X-Request-ID"] = number
        return response
