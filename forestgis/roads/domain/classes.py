"""How the words that road files use are read as road classes."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources

#: Attribute names in which files keep the class, the name, the surface and the width.
CLASS_COLUMNS = ("road_class", "区分", "道路種別", "highway")
NAME_COLUMNS = ("name", "路線名", "名称")
SURFACE_COLUMNS = ("surface", "路面", "舗装")
WIDTH_COLUMNS = ("width_m", "幅員", "width")


def road_class(word: str, mapping: Mapping[str, str] | None = None) -> str | None:
    """Class of a word, or None when it is in no list.

    Parameters
    ----------
    word : str
        As the file has it; full-width letters and blanks around it do not matter.
    mapping : mapping, optional
        The user's own reading of words, looked up before the shipped list
        (`roads/data/classes.csv`).
    """
    plain = _plain(word)
    own = {_plain(key): value for key, value in (mapping or {}).items()}
    return own.get(plain) or shipped_classes().get(plain)


@cache
def shipped_classes() -> dict[str, str]:
    """Read the shipped list of words."""
    text = resources.files("forestgis.roads").joinpath("data/classes.csv").read_text("utf-8")
    return {_plain(row["value"]): row["road_class"] for row in csv.DictReader(text.splitlines())}


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().lower()
