"""Age classes (齢級) of five years."""

from __future__ import annotations

YEARS_PER_CLASS = 5


def age_class(age: int | None) -> int | None:
    """齢級 of an age in years: class 1 holds ages 1-5; None without an age.

    Examples
    --------
    >>> age_class(26)
    6
    """
    return None if not age else (age - 1) // YEARS_PER_CLASS + 1
