"""Temporal comparisons of CQL2 (OGC 21-065r2, 8.4) of instants and intervals.

Each side is a pair of start and end, of an instant the same twice; each operator is a rule about the four.
"""

from __future__ import annotations

from collections.abc import Callable

from tiles.errors import FilterError
from tiles.features.cql2.fragment import Fragment, Kind, joined
from tiles.features.cql2.text import Node
from tiles.features.cql2.values import Scope, instant, property_value

_RULES = {
    "t_after": ("a0 > b1",),
    "t_before": ("a1 < b0",),
    "t_contains": ("a0 < b0", "a1 > b1"),
    "t_during": ("a0 > b0", "a1 < b1"),
    "t_equals": ("a0 = b0", "a1 = b1"),
    "t_finishedby": ("a0 < b0", "a1 = b1"),
    "t_finishes": ("a0 > b0", "a1 = b1"),
    "t_intersects": ("a0 <= b1", "a1 >= b0"),
    "t_meets": ("a1 = b0",),
    "t_metby": ("a0 = b1",),
    "t_overlappedby": ("a0 > b0", "a0 < b1", "a1 > b1"),
    "t_overlaps": ("a0 < b0", "a1 > b0", "a1 < b1"),
    "t_startedby": ("a0 = b0", "a1 > b1"),
    "t_starts": ("a0 = b0", "a1 < b1"),
}
OPERATORS = (*_RULES, "t_disjoint")

Pair = tuple[Fragment, Fragment]
Evaluate = Callable[[Node], Fragment]


def temporal(operator: str, args: list[Node], scope: Scope, evaluate: Evaluate) -> Fragment:
    """Return the comparison of two temporal expressions.

    Raises
    ------
    FilterError
        If one of them is not temporal.
    """
    if operator == "t_disjoint":
        met = temporal("t_intersects", args, scope, evaluate)
        return Fragment(f"(NOT {met.sql})", met.params)
    a0, a1 = _pair(args[0], scope, evaluate)
    b0, b1 = _pair(args[1], scope, evaluate)
    sides = {"a0": a0, "a1": a1, "b0": b0, "b1": b1}
    rules = [rule.split(" ") for rule in _RULES[operator]]
    comparisons = [joined(f" {sign} ", sides[left], sides[right]) for left, sign, right in rules]
    return joined(" AND ", *comparisons)


def _pair(node: Node, scope: Scope, evaluate: Evaluate) -> Pair:
    if isinstance(node, dict) and "interval" in node:
        ends = node["interval"]
        if not isinstance(ends, list) or len(ends) != 2:
            raise FilterError("an interval has a start and an end")
        return _end(ends[0], scope, "-infinity"), _end(ends[1], scope, "infinity")
    value = evaluate(node)
    if value.kind is not Kind.DATE:
        raise FilterError("a temporal comparison needs dates, times or intervals on both sides")
    return value, value


def _end(node: Node, scope: Scope, open_end: str) -> Fragment:
    if node == "..":
        return Fragment(f"'{open_end}'::date", kind=Kind.DATE)
    if isinstance(node, dict) and "property" in node:
        found = property_value(node["property"], scope)
        if found.kind is Kind.DATE:
            return found
        raise FilterError("an interval needs dates or times as start and end")
    return instant(node)
