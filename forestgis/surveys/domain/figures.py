"""How volumes are rounded, bounded and written: one rule for card, layer, file and database."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from statistics import NormalDist

#: Decimals by kind of figure; the columns of the tables have the same.
VOLUME_PLACES = 1
AREA_PLACES = 4

_Z90 = Decimal(str(NormalDist().inv_cdf(0.95)))
_MISSING = "―"


def rounded(value: float | None, places: int = VOLUME_PLACES) -> Decimal | None:
    """Round half up to `places` decimals; None for a missing value or nan.

    Examples
    --------
    >>> rounded(12.25)
    Decimal('12.3')
    """
    if value is None or not math.isfinite(value):
        return None
    return Decimal(float(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def figure(value: float, places: int = VOLUME_PLACES) -> Decimal:
    """Round a value that must be there.

    Raises
    ------
    ValueError
        If it is nan or infinite.
    """
    number = rounded(value, places)
    if number is None:
        raise ValueError(f"not a figure: {value}")
    return number


def interval_90(
    value: Decimal | None, standard_error: Decimal | None
) -> tuple[Decimal, Decimal] | None:
    """90 % interval of a volume, normal, never below zero; None without a standard error."""
    if value is None or standard_error is None:
        return None
    half = (_Z90 * standard_error).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return max(value - half, Decimal("0.0")), value + half


def written(value: Decimal | None) -> str:
    """Figure with thousands separated and its decimals kept; a dash for a missing one.

    Examples
    --------
    >>> written(Decimal("1234.50"))
    '1,234.50'
    """
    return _MISSING if value is None else f"{value:,}"
