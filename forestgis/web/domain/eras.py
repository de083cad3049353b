"""Japanese eras (和暦) of dates, for documents and screens that officers compare with paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Era:
    """An era and the day it began."""

    name: str
    name_en: str
    begins: date


ERAS = (
    Era("令和", "Reiwa", date(2019, 5, 1)),
    Era("平成", "Heisei", date(1989, 1, 8)),
    Era("昭和", "Showa", date(1926, 12, 25)),
)


def era_year(day: date) -> tuple[Era, int] | None:
    """Return the era of a day and the year within it (1 for the first), None before Showa."""
    for era in ERAS:
        if day >= era.begins:
            return era, day.year - era.begins.year + 1
    return None


def in_japanese(day: date) -> str:
    """Return e.g. ``2019年5月1日（令和元年）``."""
    found = era_year(day)
    western = f"{day.year}年{day.month}月{day.day}日"
    if found is None:
        return western
    era, year = found
    return f"{western}（{era.name}{'元' if year == 1 else year}年）"


def in_english(day: date) -> str:
    """Return e.g. ``1 May 2019 (Reiwa 1)``."""
    found = era_year(day)
    western = f"{day.day} {day:%B} {day.year}"
    return western if found is None else f"{western} ({found[0].name_en} {found[1]})"
