"""Figures as they are written: fixed decimals, thousands separated, a dash for what is not known."""

from __future__ import annotations

from decimal import Decimal

UNKNOWN = "—"


def written(value: Decimal | float | None, decimals: int = 1) -> str:
    """Return a figure for reading, e.g. ``1,234.5``.

    Parameters
    ----------
    value : Decimal, float or None
        None gives a dash.
    decimals : int
        Digits after the point, always shown.
    """
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"
