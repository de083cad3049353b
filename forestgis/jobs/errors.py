"""What can go wrong with a job, as far as a user or a handler can do something about it."""

from __future__ import annotations


class JobError(Exception):
    """A job cannot be done; the message, in the reader's words, is kept as its reason."""

    code = "job"


class UnknownJobError(JobError):
    """No handler is registered for a kind."""

    code = "unknown_job"


class RequesterGoneError(JobError):
    """The person who asked may no longer act."""

    code = "requester_gone"


class JobCancelledError(Exception):
    """The handler was asked to stop: by a person, or because the worker shuts down."""


class JobLostError(Exception):
    """Another worker has taken the job over; whatever this one does no longer counts."""
