"""Read the small data tables shipped with the engine (folder ``lidar/data``)."""

from __future__ import annotations

import csv
from importlib import resources


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of a shipped CSV table as dictionaries of text.

    Parameters
    ----------
    name : str
        File name inside ``lidar/data``; UTF-8, first line holds the column names.
    """
    text = resources.files("lidar").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
