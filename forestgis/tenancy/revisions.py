"""Revisions: one number a topic that is another after every change, for answers that are kept.

A number says nothing but that something has changed, so that everybody may read it. It is raised in the transaction
of the change (`forestgis.tenancy.triggers.Counted`): whoever sees the change sees the number, and nobody sooner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db import connection

# Summed here: the server plans so plain a statement in no time.
READ = "SELECT topic, number FROM tenancy.revision"


def read() -> Mapping[str, int]:
    """Return the revision of each topic that has ever changed."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        return summed(cursor.fetchall())


def summed(rows: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Return the revision of each topic from the rows of `READ`."""
    numbers: Counter[str] = Counter()
    for topic, number in rows:
        numbers[topic] += number
    return numbers


def of_topics(revisions: Mapping[str, int], topics: tuple[str, ...]) -> tuple[int, ...]:
    """Return the numbers of some topics; 0 for one that has never changed."""
    return tuple(revisions.get(topic, 0) for topic in topics)
