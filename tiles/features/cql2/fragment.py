"""Pieces of SQL with the parameters of their placeholders, and the kind of value that they give."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tiles.layer import FieldType


class Kind(StrEnum):
    """Kinds of values that can be compared with their own kind alone."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    GEOMETRY = "geometry"


KINDS = {
    FieldType.TEXT: Kind.TEXT,
    FieldType.INTEGER: Kind.NUMBER,
    FieldType.DECIMAL: Kind.NUMBER,
    FieldType.DATE: Kind.DATE,
    FieldType.BOOLEAN: Kind.BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL.

    Attributes
    ----------
    sql : str
        With `%s` for each of `params`.
    kind : Kind
        What it gives.
    """

    sql: str
    params: tuple[object, ...] = ()
    kind: Kind = Kind.BOOLEAN


def joined(separator: str, *parts: Fragment, kind: Kind = Kind.BOOLEAN) -> Fragment:
    """Return the parts in brackets with SQL between them."""
    params = tuple(value for part in parts for value in part.params)
    return Fragment(f"({separator.join(part.sql for part in parts)})", params, kind)
