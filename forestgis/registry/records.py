"""One 小班 with its storeys as a record: what it says, which version it is, and how it came to be so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from forestgis.audit.selectors import Change, history_of
from forestgis.registry.models import Edition, Stand, Subcompartment
from forestgis.registry.selectors import CodeNames

#: Fields of a storey with the table that their codes are of.
CODE_TABLES = {
    "protection_code": "protection",
    "forest_type_code": "forest_type",
    "species1_code": "species",
    "species2_code": "species",
    "species3_code": "species",
}
_SHAPES = ("geom", "geom_3857", "label_3857")


@dataclass(frozen=True, slots=True)
class Record:
    """A 小班 of an edition.

    Attributes
    ----------
    version : str
        Another one after any change of the 小班 or a storey.
    """

    subcompartment: Subcompartment
    stands: list[Stand]
    version: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, in words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change of a record: who, when, what.

    Attributes
    ----------
    part : str
        The 小班 itself or which storey.
    transaction_id : int
        Names all that was changed together, to take it back; 0 where that cannot be done.
    """

    at: datetime
    actor: str
    part: str
    action: str
    fields: tuple[FieldChange, ...]
    transaction_id: int


def record(
    municipality_code: str, edition: int, keycode: str, *, lock: bool = False
) -> Record | None:
    """Read a 小班 with its storeys, or None if the acting principal sees none.

    Parameters
    ----------
    lock : bool
        Keep others from changing it until the transaction ends.
    """
    rows = Subcompartment.objects.filter(
        municipality=municipality_code, edition=edition, keycode=keycode
    )
    return next(records(rows.values_list("pk", flat=True), lock=lock), None)


def records(pks: Iterable[int], *, lock: bool = False) -> Iterator[Record]:
    """Read several, in the order of their numbers."""
    hidden = [*_SHAPES, *(f"municipality__{shape}" for shape in _SHAPES)]
    found = Subcompartment.objects.filter(pk__in=list(pks)).select_related("municipality")
    found = found.defer(*hidden)
    rows = _versioned(found.order_by("municipality", "edition", "compartment_number", "number"))
    if lock:
        rows = rows.select_for_update(of=("self",))
    for sub in rows:
        storeys = _versioned(sub.stands.order_by("storey"))
        stands = list(storeys.select_for_update() if lock else storeys)
        version = "-".join(row.version for row in chain([sub], stands))
        yield Record(sub, stands, version)


def _versioned(rows: Any) -> Any:  # noqa: ANN401
    """Add the transaction that wrote each row; no writer can forget to count it up."""
    table = rows.model._meta.db_table
    return rows.annotate(version=RawSQL(f"{table}.xmin::text", ()))  # noqa: S611 - a table of ours


def other_editions(subcompartment: Subcompartment) -> list[Subcompartment]:
    """Read the same KEYCODE of the municipality in its other years, newest first."""
    same = Subcompartment.objects.filter(
        municipality=subcompartment.municipality_id, keycode=subcompartment.keycode
    )
    return list(
        same.exclude(pk=subcompartment.pk)
        .defer(*_SHAPES)
        .prefetch_related("stands")
        .order_by("-edition")
    )


def is_current(subcompartment: Subcompartment) -> bool:
    """Whether the record is of its municipality's current edition."""
    return Edition.objects.filter(
        municipality=subcompartment.municipality_id,
        year=subcompartment.edition,
        state=Edition.State.CURRENT,
    ).exists()


def history(record: Record) -> list[HistoryLine]:
    """List the changes of a record that the acting principal may see, newest first."""
    names = CodeNames(record.subcompartment.edition)
    parts: list[tuple[str, type[Any], Change]] = [
        (_("小班"), Subcompartment, change)
        for change in history_of(Subcompartment._meta.db_table, record.subcompartment.pk)
    ]
    for stand in record.stands:
        part = _("第%(n)s層") % {"n": stand.storey}
        parts += [(part, Stand, change) for change in history_of(Stand._meta.db_table, stand.pk)]
    parts.sort(key=lambda line: line[2].entry_id, reverse=True)
    return [_line(part, model, change, names) for part, model, change in parts]


def _line(part: str, model: type[Any], change: Change, names: CodeNames) -> HistoryLine:
    update = change.action == "update"
    return HistoryLine(
        at=change.at,
        actor=change.actor,
        part=part,
        action=change.action,
        fields=tuple(_fields(model, change, names)) if update else (),
        transaction_id=change.transaction_id if update else 0,
    )


def _fields(model: type[Any], change: Change, names: CodeNames) -> Iterator[FieldChange]:
    before, after = change.before or {}, change.after or {}
    editable = {f.column: f for f in model._meta.concrete_fields if f.editable}
    for column in sorted(before.keys() | after.keys()):
        if field := editable.get(column):
            yield FieldChange(
                str(field.verbose_name),
                written(column, before.get(column), names),
                written(column, after.get(column), names),
            )


def written(column: str, value: Any, names: CodeNames) -> str:  # noqa: ANN401
    """Write a value of a column for people: codes with their name, a dash for nothing."""
    if value in (None, ""):
        return "―"
    if table := CODE_TABLES.get(column):
        return f"{value} {names(table, str(value))}"
    if isinstance(value, dict):
        return _("（形）")
    return str(value)
