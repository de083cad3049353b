"""Changes of a record from the audit trail, in the words of its form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.utils.translation import gettext as _

from forestgis.audit.selectors import Change

_SHAPES = ("geom", "local_geom")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change, before and after, as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Described:
    """A change of a record: when, who, which fields."""

    at: datetime
    actor: str
    fields: tuple[FieldChange, ...]
    created: bool


def described(changes: Iterable[Change], model: type[Model]) -> list[Described]:
    """Put changes of a model's row into words, newest first as they come."""
    return [
        Described(
            at=change.at,
            actor=change.actor,
            fields=tuple(_fields(change, model)),
            created=change.before is None,
        )
        for change in changes
    ]


def _fields(change: Change, model: type[Model]) -> Iterable[FieldChange]:
    before, after = change.before or {}, change.after or {}
    if change.before is None:
        return
    for column in sorted(before.keys() | after.keys()):
        field = _field_of(model, column)
        if field is not None:
            yield FieldChange(
                str(field.verbose_name),
                _text(field, before.get(column)),
                _text(field, after.get(column)),
            )


def _field_of(model: type[Model], column: str) -> Field[Any, Any] | None:
    try:
        field = model._meta.get_field(column.removesuffix("_id"))
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) and (field.editable or column in _SHAPES) else None


def _text(field: Field[Any, Any], value: Any) -> str:  # noqa: ANN401
    if value in (None, ""):
        return "―"
    if isinstance(value, dict):
        return _("（形）")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    return str(value)
