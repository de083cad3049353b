"""Numbers that the forest laws set: dated rows with their article, never constants in code.

The rows are `registry/data/legal_parameters.csv`. `checked` says how a value is
known: ``law`` from the text of the law, ``secondary`` from guides of offices that
cite it, still to be compared with the text.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources


class UnknownParameterError(LookupError):
    """No value of that name is in force on a day."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a law, in force from a day to another (None: until further notice)."""

    name: str
    value: Decimal
    unit: str
    valid_from: date
    valid_to: date | None
    article: str
    source: str
    checked: str

    @property
    def days(self) -> int:
        """The value as a number of days."""
        return int(self.value)

    def holds_on(self, day: date) -> bool:
        """Whether the value is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def parameter(name: str, on: date) -> Parameter:
    """Return the value in force on a day, the newest where several are.

    Raises
    ------
    UnknownParameterError
        If there is none.

    Examples
    --------
    >>> parameter("felling_notice_latest_days", date(2026, 4, 1)).value
    Decimal('30')
    """
    found = [row for row in parameters() if row.name == name and row.holds_on(on)]
    if not found:
        raise UnknownParameterError(f"no legal parameter {name!r} in force on {on}")
    return max(found, key=lambda row: row.valid_from)


@cache
def parameters() -> tuple[Parameter, ...]:
    """Return all rows, as shipped."""
    file = resources.files("forestgis.registry").joinpath("data/legal_parameters.csv")
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    return tuple(
        Parameter(
            name=row["name"],
            value=Decimal(row["value"]),
            unit=row["unit"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            article=row["article"],
            source=row["source"],
            checked=row["checked"],
        )
        for row in rows
    )
