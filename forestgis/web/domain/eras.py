"""Japanese eras (和暦) of dates, for documents and screens that officers compare with paper."""

from __future__ import annotations

import re
import unicodedata
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


def in_wareki(day: date) -> str:
    """Return e.g. ``令和元年5月1日``, in 西暦 before Showa."""
    found = era_year(day)
    if found is None:
        return f"{day.year}年{day.month}月{day.day}日"
    era, year = found
    return f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def in_english(day: date) -> str:
    """Return e.g. ``1 May 2019 (Reiwa 1)``."""
    found = era_year(day)
    western = f"{day.day} {day:%B} {day.year}"
    return western if found is None else f"{western} ({found[0].name_en} {found[1]})"


#: Eras that registry papers still name, besides those that dates are written in.
_READ = (*ERAS, Era("大正", "Taisho", date(1912, 7, 30)), Era("明治", "Meiji", date(1868, 10, 23)))
_BY_LETTER = {era.name_en[0]: era for era in _READ} | {era.name: era for era in _READ}
_WESTERN = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ][\d:.]+)?")
_PLAIN = re.compile(r"(\d{4})(\d{2})(\d{2})")
_JAPANESE = re.compile(
    rf"({'|'.join(_BY_LETTER)})\s*(元|\d{{1,2}})\s*[-/.年]\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})\s*日?"
)


def read_day(text: str) -> date | None:
    """Read a date as offices write it; None for a blank.

    Understands 令和6年4月1日, R6.4.1, 平成元年5月3日, 2024年4月1日, 2024-04-01, 2024/4/1 and 20240401, in
    full-width characters as well. Papers of an era name years beyond its end (平成33年): they are counted on.

    Raises
    ------
    ValueError
        If it is no date, or lies before its era.

    Examples
    --------
    >>> read_day("令和６年４月１日")
    datetime.date(2024, 4, 1)
    """
    value = unicodedata.normalize("NFKC", text).strip()
    if not value:
        return None
    if found := (_WESTERN.fullmatch(value) or _PLAIN.fullmatch(value)):
        year, month, day_of_month = map(int, found.groups())
        return date(year, month, day_of_month)
    found = _JAPANESE.fullmatch(value[0].upper() + value[1:])
    if found is None:
        raise ValueError(text)
    era = _BY_LETTER[found[1]]
    year = 1 if found[2] == "元" else int(found[2])
    day = date(era.begins.year + year - 1, int(found[3]), int(found[4]))
    if year == 0 or day < era.begins:
        raise ValueError(text)
    return day
