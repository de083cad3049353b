"""English names of municipalities, by code."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


def english_name(code: str) -> str:
    """Romanised name of a municipality (`registry/data/names_en.csv`), `''` when not listed."""
    return _names().get(code, "")


@cache
def _names() -> dict[str, str]:
    text = resources.files("forestgis.registry").joinpath("data/names_en.csv").read_text("utf-8")
    return {row["code"]: row["name_en"] for row in csv.DictReader(text.splitlines())}
