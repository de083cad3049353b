"""Which database role asks for the queue.

A request puts a task into the queue in its own transaction (alias ``default``,
which may only insert); the worker process takes tasks out as its own role. While
migrations run, the queue's data migrations stay on the migrating connection:
through another one they would wait for its table locks for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ClassVar

from django.db.models import Model
from django.db.models.signals import post_migrate, pre_migrate

QUEUE_APP = "django_tasks_database"
_alias: ContextVar[str | None] = ContextVar("queue_alias", default=None)


class QueueRouter:
    """Send the queue's queries to the alias of the block, else of the process, if there is one."""

    process_alias: ClassVar[str | None] = None

    def db_for_read(self, model: type[Model], **hints: object) -> str | None:
        """Return the alias for a read of the queue, None for all other tables."""
        return self._alias(model)

    def db_for_write(self, model: type[Model], **hints: object) -> str | None:
        """Return the alias for a write to the queue, None for all other tables."""
        return self._alias(model)

    def _alias(self, model: type[Model]) -> str | None:
        if model._meta.app_label != QUEUE_APP:
            return None
        return _alias.get() or QueueRouter.process_alias


@contextmanager
def queue_on(alias: str) -> Iterator[None]:
    """Send the queue's queries of the block to `alias`."""
    before = _alias.set(alias)
    try:
        yield
    finally:
        _alias.reset(before)


def _stay(sender: object, using: str, **kwargs: object) -> None:
    QueueRouter.process_alias = using


def _leave(sender: object, **kwargs: object) -> None:
    QueueRouter.process_alias = None


def follow_migrations() -> None:
    """Keep the queue on the migrating connection from the first to the last migration."""
    pre_migrate.connect(_stay, dispatch_uid="forestgis_queue_stay")
    post_migrate.connect(_leave, dispatch_uid="forestgis_queue_leave")
