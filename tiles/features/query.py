"""Statements that give pages of features: filtered, ordered, and continued behind the last row of the page before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tiles.features.cql2.fragment import Fragment, joined
from tiles.features.rows import RowWriter
from tiles.layer import Field, FieldType, Layer
from tiles.ogc.crs import Crs

Statement = tuple[str, tuple[Any, ...]]
"""SQL and the values of its placeholders."""

_SQL_TYPES = {
    FieldType.TEXT: "text",
    FieldType.INTEGER: "bigint",
    FieldType.DECIMAL: "numeric",
    FieldType.DATE: "date",
    FieldType.BOOLEAN: "boolean",
}


@dataclass(frozen=True, slots=True)
class Order:
    """A field to sort by; rows without a value come last in either direction."""

    field: Field
    descending: bool = False


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """Which rows of a layer, in which order.

    Attributes
    ----------
    conditions : sequence of Fragment
        All of which must hold.
    after : sequence of str or None, optional
        The values of `order` and the key of the row that the page begins behind, as text.
    """

    layer: Layer
    conditions: Sequence[Fragment] = ()
    order: Sequence[Order] = ()
    after: Sequence[str | None] | None = None

    def page(self, write: RowWriter, members: Sequence[str], crs: Crs, limit: int) -> Statement:
        """Return the statement of at most `limit` rows: the text of each, the values of `order`, the key."""
        source, _ = self.layer.vector
        key = Fragment(source.key)
        after = [self._behind(key)] if self.after is not None else []
        where = _where([*self.conditions, *after])
        # Named apart: ORDER BY would take a column of the answer, a text, for the field.
        positions = [
            f"{order.field.name}::text AS _position{number}"
            for number, order in enumerate(self.order)
        ]
        columns = ", ".join(
            [write(self.layer, members, crs), *positions, f"{source.key}::text AS _key"]
        )
        directions = [
            f"{order.field.name}{' DESC' if order.descending else ''} NULLS LAST"
            for order in self.order
        ]
        ordered = ", ".join([*directions, source.key])
        sql = f"SELECT {columns} FROM {source.relation}{where.sql} ORDER BY {ordered} LIMIT %s"  # noqa: S608
        return sql, (*where.params, limit)

    def count(self, bound: int) -> Statement:
        """Return the statement that counts the rows of all pages, up to `bound`."""
        source, _ = self.layer.vector
        where = _where(self.conditions)
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {source.relation}{where.sql} LIMIT %s) AS _row"  # noqa: S608
        return sql, (*where.params, bound)

    def feature(self, write: RowWriter, members: Sequence[str], crs: Crs, key: int) -> Statement:
        """Return the statement of the text of one row."""
        source, _ = self.layer.vector
        text = write(self.layer, members, crs)
        return f"SELECT {text} FROM {source.relation} WHERE {source.key} = %s", (key,)  # noqa: S608

    def _behind(self, key: Fragment) -> Fragment:
        """Return the condition of rows behind `after` in the order."""
        assert self.after is not None
        *values, last = self.after
        behind = joined(" > ", key, Fragment("%s::bigint", (last,)))
        for order, value in reversed(list(zip(self.order, values, strict=True))):
            behind = _behind_or_equal(order, value, behind)
        return behind


def _behind_or_equal(order: Order, value: str | None, rest: Fragment) -> Fragment:
    column = Fragment(order.field.name)
    if value is None:  # none are behind but those that have no value either
        return joined(" AND ", Fragment(f"{column.sql} IS NULL"), rest)
    limit = Fragment(f"%s::{_SQL_TYPES[order.field.type]}", (value,))
    beyond = joined(" < " if order.descending else " > ", column, limit)
    equal = joined(" AND ", joined(" = ", column, limit), rest)
    return joined(" OR ", beyond, Fragment(f"{column.sql} IS NULL"), equal)


def _where(conditions: Sequence[Fragment]) -> Fragment:
    if not conditions:
        return Fragment("")
    both = joined(" AND ", *conditions)
    return Fragment(f" WHERE {both.sql}", both.params)
