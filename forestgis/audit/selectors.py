"""Reads of the trail; the acting principal's policies decide which entries there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

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
