"""The fiscal year (年度) of offices."""

from __future__ import annotations

from datetime import date

_APRIL = 4


def fiscal_year_of(day: date) -> int:
    """Return the 年度 of a day; it begins in April.

    Examples
    --------
    >>> fiscal_year_of(date(2025, 3, 31))
    2024
    """
    return day.year - (day.month < _APRIL)
