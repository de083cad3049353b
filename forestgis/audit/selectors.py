"""Reads of the trail; the acting principal's policies decide which entries there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from forestgis.accounts.models import Organisation, User
from forestgis.audit.models import Entry


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row.

    Attributes
    ----------
    entry_id : int
        Grows with time.
    transaction_id : int
        The same for all changes that were made together.
    actor : str
        The person's name; where the reader may not see it (another organisation's people), the organisation's.
    before, after : dict
        Values of the columns that changed, by column name; None for the state before the row was there, or after.
    """

    entry_id: int
    transaction_id: int
    at: datetime
    user_id: int | None
    actor: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def history_of(table: str, pk: object) -> list[Change]:
    """List the changes of a row that the acting principal may see, newest first.

    Parameters
    ----------
    table : str
        Name of an audited table, as ``Stand._meta.db_table``.
    pk : object
        The row's key.
    """
    entries = Entry.objects.filter(table_name=table, row_key=str(pk)).exclude(
        action=Entry.Action.READ
    )
    return changes(entries)


def changes(entries: QuerySet[Entry]) -> list[Change]:
    """Read entries as changes, with the names of those who made them."""
    found = list(entries)
    names = actors(found)
    return [
        Change(
            entry_id=entry.pk,
            transaction_id=entry.transaction_id,
            at=entry.at,
            user_id=entry.user_id,
            actor=names[entry.pk],
            action=entry.action,
            before=entry.before,
            after=entry.after,
        )
        for entry in found
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with the name of who acted, and the columns it is about."""

    entry: Entry
    actor: str

    @property
    def columns(self) -> list[tuple[str, Any, Any]]:
        """Column, value before, value after."""
        before, after = self.entry.before or {}, self.entry.after or {}
        return [(name, before.get(name), after.get(name)) for name in {**before, **after}]


def search(criteria: Mapping[str, Any], *, before: int | None = None) -> QuerySet[Entry]:
    """Find entries, newest first.

    Parameters
    ----------
    criteria : mapping
        Any of person (user name), action, table, row, municipality, since, until (days, both
        inclusive).
    before : int, optional
        Entry before which the list goes on.
    """
    found = Entry.objects.order_by("-id")
    if before is not None:
        found = found.filter(pk__lt=before)
    for name, value in criteria.items():
        found = found.filter(**_condition(name, value))
    return found


def _condition(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    if name == "person":
        people = User.objects.filter(username=value)
        return {"user_id__in": list(people.values_list("pk", flat=True))}
    if name in {"since", "until"}:
        day = value if name == "since" else value + timedelta(days=1)
        midnight = timezone.make_aware(datetime.combine(day, datetime.min.time()))
        return {"at__gte" if name == "since" else "at__lt": midnight}
    columns = {"table": "table_name", "row": "row_key", "municipality": "municipality_code"}
    return {columns.get(name, name): value}


def lines(entries: Iterable[Entry]) -> list[Line]:
    """Read entries with the names of who acted."""
    listed = list(entries)
    names = actors(listed)
    return [Line(entry, names[entry.pk]) for entry in listed]


def lines_by_block(entries: QuerySet[Entry], block: int = 2000) -> Iterator[Line]:
    """Read many entries, a block of them in memory at a time."""
    waiting: list[Entry] = []
    for entry in entries.iterator(block):
        waiting.append(entry)
        if len(waiting) == block:
            yield from lines(waiting)
            waiting = []
    yield from lines(waiting)


def actors(entries: Iterable[Entry]) -> dict[int, str]:
    """Name who acted, by entry; in two queries whatever their number. Empty for commands of the host."""
    listed = list(entries)
    people = User.objects.in_bulk({entry.user_id for entry in listed if entry.user_id})
    organisations = Organisation.objects.in_bulk(
        {entry.organisation_id for entry in listed if entry.organisation_id}
    )
    return {entry.pk: _actor(entry, people, organisations) for entry in listed}


def _actor(entry: Entry, people: dict[int, User], organisations: dict[int, Organisation]) -> str:
    if entry.user_id in people:
        return people[entry.user_id].get_full_name()
    if entry.organisation_id in organisations:
        return organisations[entry.organisation_id].name
    return ""
