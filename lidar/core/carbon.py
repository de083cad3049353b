"""Carbon in the living biomass of stands, from stem volume (national inventory method).

``C = V x D x BEF x (1 + R) x CF``: stem volume, basic wood density, expansion to the whole
above-ground tree, roots to shoots, carbon in dry matter; carbon dioxide is 44/12 of it.
Factors are rows of ``lidar/data/carbon_factors.csv``, with days of validity and source.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lidar.core.tables import read_table
from lidar.errors import CarbonFactorError

CO2_OF_C = 44.0 / 12.0
YOUNG_YEARS = 20
TABLE = "carbon_factors.csv"
CARBON_SPECIES = ("その他広葉樹", "トドマツ")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CarbonFactors:
    """Factors of one species or group.

    Attributes
    ----------
    density_t_m3 : float
        Basic density, dry tonnes per cubic metre.
    expansion_young, expansion : float
        Biomass expansion factor to and beyond 20 years.
    root_ratio : float
        Below-ground by above-ground biomass.
    carbon_fraction : float
    source : str
    """

    density_t_m3: float
    expansion_young: float
    expansion: float
    root_ratio: float
    carbon_fraction: float
    source: str

    @classmethod
    def of(cls, species: str, day: str | None = None) -> Self:
        """Return the factors in force.

        Parameters
        ----------
        species : str
            Name in the table: a species, or ``その他広葉樹`` for broadleaves at large.
        day : str, optional
            ISO 8601; by default the newest.

        Raises
        ------
        CarbonFactorError
            If the table has no such species on that day.
        """
        on = dt.date.max if day is None else dt.date.fromisoformat(day)
        rows = [r for r in read_table(TABLE) if r["species"] == species and _valid(r, on)]
        if not rows:
            known = sorted({r["species"] for r in read_table(TABLE)})
            raise CarbonFactorError(
                f"no carbon factors of {species!r} on {on}; known are {', '.join(known)}",
                species=species,
            )
        row = rows[-1]
        numbers = {n: float(row[n]) for n in cls.__dataclass_fields__ if n != "source"}
        return cls(**numbers, source=row["source"])

    def carbon_t(self, volume_m3: ArrayLike, age_years: ArrayLike | None = None) -> Array:
        """Return tonnes of carbon in stems, branches, leaves and roots.

        Parameters
        ----------
        volume_m3 : array_like
            Stem volume with bark; nan stays nan.
        age_years : array_like, optional
            To 20 years the factor of young stands is taken; by default that of older ones.
        """
        expansion: ArrayLike = self.expansion
        if age_years is not None:
            young = np.asarray(age_years) <= YOUNG_YEARS
            expansion = np.where(young, self.expansion_young, self.expansion)
        per_m3 = self.density_t_m3 * np.asarray(expansion) * (1 + self.root_ratio)
        return np.asarray(volume_m3, np.float64) * per_m3 * self.carbon_fraction


def _valid(row: dict[str, str], on: dt.date) -> bool:
    last = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]) <= on and (
        not last or on <= dt.date.fromisoformat(last)
    )
