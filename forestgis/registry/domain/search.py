"""What somebody looks for in the register, as plain data, and how a search box is read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from forestgis.registry.domain.keycode import normalised

Sort = Literal["number", "area", "-area", "broadleaf", "-broadleaf", "age", "-age"]

_KEYCODE = re.compile(r"\d{10,14}")
_NUMBER = re.compile(r"(?P<compartment>\d{1,4})(?:(?:林班-?|-)(?:(?P<number>\d{1,4})(?:小班)?)?)?")
_DASHES = re.compile(r"[‐‑‒–—―−ー－の]")
_MUNICIPAL_SUFFIX = re.compile(r"[市町村]$")


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a 小班 must be; None and empty ask nothing.

    Attributes
    ----------
    keycode : str
        14 digits.
    compartment, number : int or None
        林班 and 小班.
    lot : str
        Words of 代表地番, of which all must occur; see `lot_patterns`.
    municipality : str
        5-digit code.
    edition : int or None
        年度; the current one of each municipality for None.
    species : str
        Code of the first species of the first storey, or of any species if `any_storey`.
    age_class_min, age_class_max : int or None
        齢級, both inclusive, of the first storey.
    area_min_ha, area_max_ha : Decimal or None
        Inclusive.
    conifer_min_m3ha ... broadleaf_max_m3ha : Decimal or None
        Stock of all storeys, inclusive; a 小班 whose register states none is left out.
    """

    keycode: str = ""
    compartment: int | None = None
    number: int | None = None
    lot: str = ""
    municipality: str = ""
    edition: int | None = None
    species: str = ""
    any_storey: bool = False
    forest_type: str = ""
    protection: str = ""
    age_class_min: int | None = None
    age_class_max: int | None = None
    area_min_ha: Decimal | None = None
    area_max_ha: Decimal | None = None
    conifer_min_m3ha: Decimal | None = None
    conifer_max_m3ha: Decimal | None = None
    broadleaf_min_m3ha: Decimal | None = None
    broadleaf_max_m3ha: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A search box taken apart."""

    keycode: str = ""
    compartment: int | None = None
    number: int | None = None
    rest: tuple[str, ...] = ()


def read_words(text: str) -> Words:
    """Take apart what was typed: KEYCODE, `林班-小班`, and the words that are neither.

    Examples
    --------
    >>> read_words("滝上町　１２－３４")
    Words(keycode='', compartment=12, number=34, rest=('滝上町',))
    >>> read_words("8200100120034").keycode
    '08200100120034'
    """
    keycode, compartment, number = "", None, None
    rest = []
    for word in unicodedata.normalize("NFKC", text).split():
        plain = _DASHES.sub("-", word)
        if _KEYCODE.fullmatch(plain):
            keycode = normalised(plain)
        elif found := _NUMBER.fullmatch(plain):
            compartment = int(found["compartment"])
            number = int(found["number"]) if found["number"] else None
        else:
            rest.append(word)
    return Words(keycode, compartment, number, tuple(rest))


def municipality_named(word: str, names: dict[str, str]) -> str:
    """Return the code of the municipality of that name, with or without 市・町・村; empty for none.

    Parameters
    ----------
    word : str
    names : dict
        Code to name, in any language; the first that fits is taken.

    Examples
    --------
    >>> municipality_named("滝上", {"01560": "滝上町"})
    '01560'
    """
    wanted = word.casefold()
    for code, name in names.items():
        if wanted in (name.casefold(), _MUNICIPAL_SUFFIX.sub("", name).casefold()):
            return code
    return ""


def lot_patterns(lot: str) -> list[str]:
    """Return regular expressions that a 代表地番 must all match, one a word.

    `123-4` finds 123番4, 123番地4 and 123-4, in half- or full-width digits, and neither 1123番4
    nor 123番45. A word with other characters must occur as it is.

    Examples
    --------
    >>> import re
    >>> [bool(re.search(lot_patterns("123-4")[0], t)) for t in ("字東１２３番地４", "123番45")]
    [True, False]
    """
    return [_lot_pattern(word) for word in unicodedata.normalize("NFKC", lot).split()]


def _lot_pattern(word: str) -> str:
    numbers = re.split(r"番地?-?|-", _DASHES.sub("-", word))
    if all(part.isdigit() for part in numbers):
        joined = "(?:番地?の?|[-－])".join(_digits(part) for part in numbers)
        return rf"(?:^|[^0-9０-９]){joined}(?:[^0-9０-９]|$)"
    return "".join(_digits(c) if c.isdigit() else re.escape(c) for c in word)


def _digits(number: str) -> str:
    return "".join(f"[{digit}{chr(ord('０') + int(digit))}]" for digit in number)
