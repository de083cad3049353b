"""Codes of municipalities (全国地方公共団体コード)."""

from __future__ import annotations

_WEIGHTS = (6, 5, 4, 3, 2)


def with_check_digit(code5: str) -> str:
    """Append the check digit to a 5-digit municipality code.

    Source: 総務省「全国地方公共団体コード仕様」: weights 6 5 4 3 2, the digit is
    11 minus the remainder by 11, last digit of it.

    Examples
    --------
    >>> with_check_digit("01560")
    '015601'

    Raises
    ------
    ValueError
        If `code5` is not five digits.
    """
    if len(code5) != 5 or not code5.isascii() or not code5.isdigit():
        raise ValueError(f"a municipality code has five digits, not {code5!r}")
    total = sum(int(digit) * weight for digit, weight in zip(code5, _WEIGHTS, strict=True))
    return code5 + str((11 - total % 11) % 10)
