"""Revisions: one number a topic that is another after every change, for answers that are kept.

A number says nothing but that something has changed, so that everybody may read it. It is raised in the transaction
of the change (`forestgis.tenancy.policies.Counted`): whoever sees the change sees the number, and nobody sooner.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

_READ = "SELECT topic, sum(number) FROM tenancy.revision GROUP BY topic"


def read() -> dict[str, int]:
    """Return the revision of each topic that has ever changed."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return {topic: int(number) for topic, number in cursor.fetchall()}


def of_topics(revisions: Mapping[str, int], topics: tuple[str, ...]) -> tuple[int, ...]:
    """Return the numbers of some topics; 0 for one that has never changed."""
    return tuple(revisions.get(topic, 0) for topic in topics)
