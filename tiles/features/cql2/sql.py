"""The WHERE clause of a filter in the JSON encoding."""

from __future__ import annotations

from collections.abc import Callable

from tiles.errors import FilterError
from tiles.features.cql2 import spatial, temporal
from tiles.features.cql2.fragment import Fragment, Kind, joined
from tiles.features.cql2.text import Node
from tiles.features.cql2.values import Scope, geometry, literal, property_value
from tiles.layer import Layer
from tiles.ogc.crs import CRS84, Crs

_COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
_ARITHMETIC = ("+", "-", "*", "/")


def where(node: Node, layer: Layer, crs: Crs = CRS84) -> Fragment:
    """Return the condition that a filter states.

    Parameters
    ----------
    node : filter in the JSON encoding, its size checked (`load`)
    layer : Layer
        Whose fields and geometry may be named.
    crs : Crs
        System of its geometries.

    Raises
    ------
    FilterError
        If it names what the layer does not declare, uses an operator that is not offered, or compares values of
        different kinds.
    """
    return _Compiler(Scope(layer, crs)).condition(node)


class _Compiler:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._operators: dict[str, Callable[[str, list[Node]], Fragment]] = {
            "and": self._logical,
            "or": self._logical,
            "not": self._not,
            "like": self._like,
            "between": self._between,
            "in": self._in,
            "isNull": self._is_null,
            "casei": self._casei,
            **dict.fromkeys(_COMPARISONS, self._compare),
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
            **dict.fromkeys(spatial.FUNCTIONS, self._spatial),
            **dict.fromkeys(temporal.OPERATORS, self._temporal),
        }

    def condition(self, node: Node) -> Fragment:
        """Return what must be true or false."""
        return self._of_kind(node, Kind.BOOLEAN)

    def value(self, node: Node) -> Fragment:
        """Return any expression."""
        found = literal(node) or geometry(node, self._scope)
        if found is not None:
            return found
        if isinstance(node, dict) and set(node) == {"property"}:
            return property_value(node["property"], self._scope)
        if isinstance(node, dict) and "op" in node:
            return self._operation(node["op"], node.get("args"))
        raise FilterError(f"not understood in the filter: {str(node)[:80]}")

    def _operation(self, operator: object, args: Node) -> Fragment:
        make = self._operators.get(str(operator))
        if make is None:
            raise FilterError(f"the filter's operator {str(operator)[:40]!r} is not offered")
        if not isinstance(args, list):
            args = [args]
        return make(str(operator), args)

    def _of_kind(self, node: Node, kind: Kind) -> Fragment:
        found = self.value(node)
        if found.kind is not kind:
            raise FilterError(
                f"a {kind.value} is needed in the filter, this is a {found.kind.value}: {str(node)[:80]}"
            )
        return found

    def _alike(self, args: list[Node], count: int) -> list[Fragment]:
        """Return values of one kind, as many as the operator takes."""
        _check_count(args, count)
        first = self.value(args[0])
        return [first, *(self._of_kind(arg, first.kind) for arg in args[1:])]

    def _logical(self, operator: str, args: list[Node]) -> Fragment:
        if not args:
            raise FilterError(f"{operator!r} has no arguments in the filter")
        return joined(f" {operator.upper()} ", *map(self.condition, args))

    def _not(self, _operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 1)
        inner = self.condition(args[0])
        return Fragment(f"(NOT {inner.sql})", inner.params)

    def _compare(self, operator: str, args: list[Node]) -> Fragment:
        values = self._alike(args, 2)
        if values[0].kind is Kind.GEOMETRY:
            raise FilterError("geometries are compared by S_INTERSECTS and its like")
        return joined(f" {operator} ", *values)

    def _arithmetic(self, operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 2)
        left, right = (self._of_kind(arg, Kind.NUMBER) for arg in args)
        if operator == "/":
            right = Fragment(f"nullif({right.sql}, 0)", right.params, Kind.NUMBER)
        # Numbers of any size: whole numbers would overflow, and divide to whole numbers.
        left = Fragment(f"{left.sql}::numeric", left.params, Kind.NUMBER)
        return joined(f" {operator} ", left, right, kind=Kind.NUMBER)

    def _like(self, _operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 2)
        text, pattern = (self._of_kind(arg, Kind.TEXT) for arg in args)
        for value in pattern.params:
            if (len(str(value)) - len(str(value).rstrip("\\"))) % 2:
                raise FilterError("a pattern of LIKE ends with its escape character \\")
        return joined(" LIKE ", text, pattern)

    def _between(self, _operator: str, args: list[Node]) -> Fragment:
        value, low, high = self._alike(args, 3)
        params = value.params + low.params + high.params
        return Fragment(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", params)

    def _in(self, _operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 2)
        options = args[1]
        if not isinstance(options, list) or not options:
            raise FilterError("IN needs a list of values")
        value, *known = self._alike([args[0], *options], 1 + len(options))
        among = joined(", ", *known)
        return Fragment(f"({value.sql} IN {among.sql})", value.params + among.params)

    def _is_null(self, _operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 1)
        value = self.value(args[0])
        return Fragment(f"({value.sql} IS NULL)", value.params)

    def _casei(self, _operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 1)
        text = self._of_kind(args[0], Kind.TEXT)
        return Fragment(f"lower({text.sql})", text.params, Kind.TEXT)

    def _spatial(self, operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 2)
        left, right = (self._of_kind(arg, Kind.GEOMETRY) for arg in args)
        return spatial.spatial(operator, left, right, self._scope)

    def _temporal(self, operator: str, args: list[Node]) -> Fragment:
        _check_count(args, 2)
        return temporal.temporal(operator, args, self._scope, self.value)


def _check_count(args: list[Node], count: int) -> None:
    if len(args) != count:
        raise FilterError(f"an operator of the filter takes {count} arguments, not {len(args)}")
