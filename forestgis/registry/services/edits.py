"""Changes of register records by people: one, many at once, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction

from forestgis.audit.models import Entry
from forestgis.registry import records
from forestgis.registry.errors import (
    ChangedMeanwhileError,
    ChangedSinceError,
    NothingToUndoError,
    NotYoursError,
)
from forestgis.registry.models import Stand, Subcompartment
from forestgis.tenancy.principal import current

_TABLES = {model._meta.db_table: model for model in (Subcompartment, Stand)}


def edit(
    place: tuple[str, int, str],
    version: str,
    subcompartment: Mapping[str, Any],
    stands: Mapping[int, Mapping[str, Any]],
) -> None:
    """Change fields of one 小班 and its storeys.

    Parameters
    ----------
    place : tuple
        Municipality, edition, KEYCODE.
    version : str
        Of the record that the person saw.
    subcompartment : mapping
        Field to new value.
    stands : mapping
        Storey's key to such a mapping.

    Raises
    ------
    NotYoursError, ChangedMeanwhileError
        Nothing is changed.
    """
    check_may_write(place[0])
    with transaction.atomic():
        found = records.record(*place, lock=True)
        if found is None or found.version != version:
            raise ChangedMeanwhileError(labels=found.subcompartment.label if found else place[2])
        _change(found.subcompartment, subcompartment)
        for stand in found.stands:
            _change(stand, stands.get(stand.pk, {}))


def edit_many(versions: Mapping[int, str], values: Mapping[str, Any]) -> int:
    """Change fields of the first storey of many 小班, of all or of none.

    Parameters
    ----------
    versions : mapping
        Key of each 小班 to the version that the person saw.
    values : mapping
        Field to new value.

    Returns
    -------
    int
        How many were changed; those that had the values already are not.

    Raises
    ------
    NotYoursError, ChangedMeanwhileError
        Nothing is changed.
    """
    with transaction.atomic():
        found = list(records.records(versions, lock=True))
        for record in found:
            check_may_write(record.subcompartment.municipality_id)
        changed = [r for r in found if r.version != versions[r.subcompartment.pk]]
        if changed or len(found) != len(versions):
            labels = "、".join(r.subcompartment.label for r in changed)
            raise ChangedMeanwhileError(labels=labels or "―")
        return sum(_change(record.stands[0], values) for record in found if record.stands)


def undo(transaction_id: int) -> int:
    """Take back what was changed together; it is itself a change, and can be taken back.

    Parameters
    ----------
    transaction_id : int
        Of a line of the history.

    Returns
    -------
    int
        How many rows have their former values again.

    Raises
    ------
    NothingToUndoError, NotYoursError, ChangedSinceError
        Nothing is changed.
    """
    entries = Entry.objects.filter(
        transaction_id=transaction_id, action=Entry.Action.UPDATE, table_name__in=_TABLES
    )
    with transaction.atomic():
        taken_back = list(entries.order_by("-id"))
        if not taken_back:
            raise NothingToUndoError
        for entry in taken_back:
            check_may_write(entry.municipality_code or "")
            _take_back(entry)
    return len(taken_back)


def check_may_write(municipality_code: str) -> None:
    """Raise unless the acting principal may write the municipality's register.

    Raises
    ------
    NotYoursError
        If it may not.
    """
    if not current().may_write_for(municipality_code):
        raise NotYoursError(municipality=municipality_code)


def _change(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Write the fields whose value is another; return whether there are any."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    return bool(changed)


def _take_back(entry: Entry) -> None:
    """Write the former values of one row; shapes come by import and go back with its edition."""
    model = _TABLES[entry.table_name]
    if "geom" in (entry.before or {}):
        raise NothingToUndoError
    # Without the order of the model, which would lock rows of other tables as well.
    row = model.objects.select_for_update().filter(pk=entry.row_key).order_by("pk").first()
    fields = {f.column: f for f in model._meta.concrete_fields}
    before = {c: fields[c].to_python(v) for c, v in (entry.before or {}).items()}
    after = {c: fields[c].to_python(v) for c, v in (entry.after or {}).items()}
    if row is None or any(getattr(row, fields[c].attname) != v for c, v in after.items()):
        raise ChangedSinceError(labels=_label(row))
    _change(row, {fields[column].attname: value for column, value in before.items()})


def _label(row: Subcompartment | Stand | None) -> str:
    if row is None:
        return "―"
    return row.label if isinstance(row, Subcompartment) else row.subcompartment.label
