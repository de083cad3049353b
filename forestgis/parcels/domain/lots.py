"""Lot numbers (地番) and place names as one key, however an office writes them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_BLANKS = re.compile(r"\s+")
# 12番地の3, 12番3, 12ノ3, 12－3 and 12‐3 are one lot.
_BETWEEN = re.compile(r"番地の|番地|番の|番|の|ノ|[-‐‑‒–—―−ー－]")
_NUMBERED = re.compile(r"\d+(?:-[^-]+)*")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_PREFIXES = ("大字", "字")


@dataclass(frozen=True, slots=True)
class Lot:
    """Where a lot is, in the words of its source.

    Attributes
    ----------
    oaza, aza : str
        大字 and 字 (丁目 and 小字 joined), without the words 大字 and 字 themselves.
    number : str
        地番, main and branch numbers joined by hyphens: ``12-3``.
    """

    oaza: str
    aza: str
    number: str

    @property
    def key(self) -> str:
        """What two sources of one municipality must agree on to mean the same lot."""
        return "|".join((_folded(self.oaza), _folded(self.aza), self.number))

    @property
    def main(self) -> int | None:
        """The main number (本番), to sort by; None for a lot without a number (道, 水)."""
        found = re.match(r"\d+", self.number)
        return int(found[0]) if found else None

    @property
    def numbered(self) -> bool:
        """Whether the land registry gave it a number; roads and watercourses have none."""
        return _NUMBERED.fullmatch(self.number) is not None

    def __str__(self) -> str:
        return f"{self.oaza}{self.aza}{self.number}"


def lot(oaza: str | None, aza: str | None, number: str | None) -> Lot:
    """Return the lot that three cells name.

    Examples
    --------
    >>> lot("大字滝上", " 字　オシラネップ原野", "１２番地の３").number
    '12-3'
    """
    return Lot(_place(oaza), _place(aza), lot_number(number))


def lot_number(text: str | None) -> str:
    """Return a 地番 with half-width digits and hyphens, without leading zeros; `''` for none."""
    value = _BLANKS.sub("", unicodedata.normalize("NFKC", text or ""))
    if not value[:1].isdigit():
        return value
    return _LEADING_ZEROS.sub("", _BETWEEN.sub("-", value)).strip("-")


def _place(text: str | None) -> str:
    value = _BLANKS.sub("", unicodedata.normalize("NFKC", text or ""))
    for prefix in _PREFIXES:
        if value.startswith(prefix) and len(value) > len(prefix):
            return value[len(prefix) :]
    return value


def _folded(place: str) -> str:
    """Small and large ke (ヶ, ケ) are written at will."""
    return place.replace("ヶ", "ケ")
