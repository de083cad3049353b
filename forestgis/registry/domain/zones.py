"""Plane-rectangular zones of Hokkaido: which municipality lies in which, and their EPSG codes.

Source: 国土交通省告示第9号（平成14年1月10日、最終改正）系番号 XI, XII, XIII.
The rules are rows of `registry/data/zones.csv`, most special first.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

#: EPSG of JGD2011 plane rectangular CS by zone; 6678 + n - 10 for Hokkaido's zones.
JGD2011_EPSG = {11: 6679, 12: 6680, 13: 6681}

#: Older EPSG codes on the same zones that files still come in (JGD2000).
JGD2000_EPSG = {11: 2453, 12: 2454, 13: 2455}


def zone_of(bureau: str, name: str) -> int:
    """Zone number of a municipality.

    Parameters
    ----------
    bureau : str
        総合振興局 or 振興局, as in N03_002 (`オホーツク総合振興局`).
    name : str
        City, town or village, as in N03_004 (`滝上町`).

    Returns
    -------
    int
        11, 12 or 13.
    """
    own, by_bureau, default = _rules()
    return own.get(name, by_bureau.get(bureau, default))


def epsg_of_zone(zone: int) -> int:
    """EPSG code (JGD2011) of a zone.

    Raises
    ------
    KeyError
        For a zone outside Hokkaido.
    """
    return JGD2011_EPSG[zone]


@cache
def _rules() -> tuple[dict[str, int], dict[str, int], int]:
    """Zones by own name, zones by bureau, and the zone of all the rest."""
    text = resources.files("forestgis.registry").joinpath("data/zones.csv").read_text("utf-8")
    own: dict[str, int] = {}
    by_bureau: dict[str, int] = {}
    default = 0
    for row in csv.DictReader(text.splitlines()):
        zone = int(row["zone"])
        if row["scope"] == "all":
            default = zone
        elif row["scope"] == "bureau":
            by_bureau[row["name"]] = zone
        else:
            own[row["name"]] = zone
    return own, by_bureau, default
