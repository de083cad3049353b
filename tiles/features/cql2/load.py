"""CQL2 JSON from a client, and the limits that every filter keeps."""

from __future__ import annotations

import json

from tiles.errors import FilterError
from tiles.features.cql2.text import MAX_LENGTH, Node, parse

MAX_DEPTH = 50
MAX_NODES = 500
LANGUAGES = ("cql2-text", "cql2-json")


def load(text: str, language: str) -> Node:
    """Return a filter in the JSON encoding.

    Parameters
    ----------
    language : {"cql2-text", "cql2-json"}

    Raises
    ------
    FilterError
        If it is not of that language, or longer, deeper or larger than a filter may be.
    """
    node = parse(text) if language == "cql2-text" else _from_json(text)
    check_size(node)
    return node


def _from_json(text: str) -> Node:
    if len(text) > MAX_LENGTH:
        raise FilterError(f"the filter has more than {MAX_LENGTH} characters")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FilterError(
            f"the filter is not JSON at character {error.pos + 1}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep") from error


def check_size(node: Node) -> None:
    """Raise FilterError if a filter is nested too deep or has too many parts; coordinates do not count as parts."""
    pending, parts = [(node, 1)], 0
    while pending:
        current, depth = pending.pop()
        parts += 1
        if depth > MAX_DEPTH:
            raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep")
        if parts > MAX_NODES:
            raise FilterError(f"the filter has more than {MAX_NODES} parts")
        if isinstance(current, dict) and "coordinates" not in current:
            pending += [(value, depth + 1) for value in current.values()]
        elif isinstance(current, list):
            pending += [(value, depth) for value in current]
