"""KEYCODE, the 14 digits that join a 小班 polygon to its rows of the 森林調査簿.

`振興局(2) 市町村(2) 図郭(2) 林班(4) 小班(4)`; the municipality number counts
inside its bureau and is not the JIS code.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_DIGITS = re.compile(r"\d{1,14}")


class KeycodeError(ValueError):
    """The value is not a KEYCODE."""


@dataclass(frozen=True, slots=True)
class Keycode:
    """A KEYCODE taken apart."""

    bureau: int
    municipality: int
    sheet: int
    compartment: int
    subcompartment: int

    @property
    def label(self) -> str:
        """`林班-小班` without leading zeros, as officers write it."""
        return f"{self.compartment}-{self.subcompartment}"


def normalised(value: object) -> str:
    """Return a KEYCODE as 14 digits.

    Spreadsheets keep it as a number, which loses leading zeros and may leave
    a trailing `.0`; typed ones come in full-width digits.

    Raises
    ------
    KeycodeError
        If the value is empty, has other characters, or more than 14 digits.

    Examples
    --------
    >>> normalised(8200100120034.0)
    '08200100120034'
    """
    if isinstance(value, str) and len(value) == 14 and value.isascii() and value.isdigit():
        return value
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if text.endswith(".0"):
        text = text[:-2]
    if not _DIGITS.fullmatch(text):
        raise KeycodeError(f"not a KEYCODE of up to 14 digits: {value!r}")
    return text.zfill(14)


def parse(keycode: str) -> Keycode:
    """Take a normalised KEYCODE apart.

    Raises
    ------
    KeycodeError
        If it is not 14 digits.
    """
    if len(keycode) != 14 or not keycode.isascii() or not keycode.isdigit():
        raise KeycodeError(f"a KEYCODE has 14 digits, not {keycode!r}")
    return Keycode(
        bureau=int(keycode[0:2]),
        municipality=int(keycode[2:4]),
        sheet=int(keycode[4:6]),
        compartment=int(keycode[6:10]),
        subcompartment=int(keycode[10:14]),
    )
