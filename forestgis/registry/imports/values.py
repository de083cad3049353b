"""Cells of a register as values: full-width digits, empty cells, numbers, codes."""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation

#: What offices write into a cell that has no value.
_EMPTY = frozenset({"", "-", "―", "ー", "NULL", "null", "None"})


class OutOfRangeError(ValueError):
    """A value that no stand can have; its text is what is allowed."""


def cleaned(text: str) -> str:
    """Half-width text without blanks around it, `''` for an empty cell."""
    value = unicodedata.normalize("NFKC", text).strip()
    return "" if value in _EMPTY else value


def decimal_between(text: str, low: Decimal, high: Decimal) -> Decimal | None:
    """Read a number in a range; None for an empty cell.

    Raises
    ------
    ValueError
        If it is no number.
    OutOfRangeError
        If it is one outside `low`..`high`.
    """
    value = cleaned(text).replace(",", "")
    if not value:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite():
        raise ValueError(text)
    if not low <= number <= high:
        raise OutOfRangeError(f"{low}-{high}")
    return number


def text_up_to(text: str, limit: int) -> str:
    """Read text of at most `limit` characters; `''` for an empty cell.

    Raises
    ------
    OutOfRangeError
        If it is longer.
    """
    value = cleaned(text)
    if len(value) > limit:
        raise OutOfRangeError(f"1-{limit} 文字")
    return value


def code(text: str, width: int) -> str:
    """Restore the leading zeros of a code that spreadsheets drop; `''` for an empty cell.

    Raises
    ------
    OutOfRangeError
        If it is longer than two characters.
    """
    value = cleaned(text)
    if value.endswith(".0"):
        value = value[:-2]
    return text_up_to(value.zfill(width) if value.isdigit() else value, 2)
