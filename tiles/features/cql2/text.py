"""CQL2 text, read into the JSON encoding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import shapely
from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput
from shapely.geometry import mapping

from tiles.errors import FilterError

MAX_LENGTH = 20_000
Node = Any
"""A piece of the JSON encoding."""


def parse(text: str) -> Node:
    """Return the JSON encoding of a filter.

    Raises
    ------
    FilterError
        If it is longer than `MAX_LENGTH` characters or not CQL2 text; the message says where.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"the filter has more than {MAX_LENGTH} characters")
    try:
        return _PARSER.parse(text)
    except UnexpectedInput as error:
        at = error.pos_in_stream if error.pos_in_stream is not None else len(text)
        near = text[at : at + 20] or "its end"
        raise FilterError(f"the filter is not CQL2 text at character {at + 1}: {near!r}") from error
    except shapely.errors.ShapelyError as error:
        raise FilterError(f"a geometry of the filter is not CQL2 text: {error}") from error


def _op(name: str, *args: Node) -> Node:
    return {"op": name, "args": list(args)}


def _not(node: Node) -> Node:
    return _op("not", node)


@v_args(inline=True)
class _ToJson(Transformer[Token, Node]):
    """Makes the JSON encoding from what the grammar has found."""

    def disjunction(self, *args: Node) -> Node:
        return _op("or", *args)

    def conjunction(self, *args: Node) -> Node:
        return _op("and", *args)

    def negate(self, node: Node) -> Node:
        return _not(node)

    def compare(self, left: Node, operator: Token, right: Node) -> Node:
        return _op(str(operator), left, right)

    def like(self, left: Node, pattern: Node) -> Node:
        return _op("like", left, pattern)

    def not_like(self, left: Node, pattern: Node) -> Node:
        return _not(self.like(left, pattern))

    def between(self, value: Node, low: Node, high: Node) -> Node:
        return _op("between", value, low, high)

    def not_between(self, value: Node, low: Node, high: Node) -> Node:
        return _not(self.between(value, low, high))

    def within(self, value: Node, *options: Node) -> Node:
        return _op("in", value, list(options))

    def not_within(self, value: Node, *options: Node) -> Node:
        return _not(self.within(value, *options))

    def is_null(self, value: Node) -> Node:
        return _op("isNull", value)

    def is_not_null(self, value: Node) -> Node:
        return _not(self.is_null(value))

    def arithmetic(self, left: Node, operator: Token, right: Node) -> Node:
        return _op(str(operator), left, right)

    def signed(self, sign: Token, value: Node) -> Node:
        if isinstance(value, int | float):
            return -value if sign == "-" else value
        return _op("*", -1, value) if sign == "-" else value

    def number(self, token: Token) -> Node:
        return int(token) if token.isdigit() else float(token)

    def text(self, token: Token) -> Node:
        return str(token[1:-1]).replace("\\'", "'").replace("''", "'")

    def true(self) -> Node:
        return True

    def false(self) -> Node:
        return False

    def date(self, token: Token) -> Node:
        return {"date": self.text(token)}

    def timestamp(self, token: Token) -> Node:
        return {"timestamp": self.text(token)}

    def interval(self, start: Node, end: Node) -> Node:
        return {"interval": [start, end]}

    def envelope(self, *numbers: float) -> Node:
        return {"bbox": list(numbers)}

    def coordinate(self, *tokens: Token) -> float:
        return float("".join(tokens))

    def position(self, *numbers: float) -> str:
        return " ".join(map(repr, numbers))

    def part(self, *parts: str) -> str:
        return f"({','.join(parts)})" if parts else "EMPTY"

    def geometry(self, shape: Token, part: str) -> Node:
        return mapping(shapely.from_wkt(f"{shape} {part}"))

    def property(self, token: Token) -> Node:
        return {"property": str(token).strip('"')}

    def function(self, name: Token, *args: Node) -> Node:
        return _op(str(name).lower(), *(arg for arg in args if arg is not None))


# LALR does not recurse: how deep a filter is nested is looked at when it is checked.
_PARSER = Lark(
    Path(__file__).with_name("cql2.lark").read_text(encoding="utf-8"),
    parser="lalr",
    transformer=_ToJson(),
)
