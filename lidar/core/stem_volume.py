"""Stem volume of standing trees by the Hokkaido tables (立木幹材積表 東日本編).

Volume is the stem with bark of a standing tree, in cubic metres, from diameter at
breast height and total height. Coefficients are rows of ``lidar/data``: this module
holds the two formulas and the smoothing of joints between diameter classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lidar.core.tables import read_table
from lidar.errors import UnknownVolumeEquationError

Array = NDArray[np.float64]

ANY_BUREAU = "*"
BROADLEAF_EQUATION = "北海道広葉樹"
_HALF_WINDOW_CM = 3.0
_CLASS_CM = 2.0


@dataclass(frozen=True, slots=True)
class PowerEquation:
    """Rows of ``v = 10**(a + b log10 D + c log10 H)``, one row a diameter range.

    Attributes
    ----------
    dbh_from_cm : float64 array, shape (row,)
        Lower limit of each row, ascending; a row ends where the next begins.
    a, b, c : float64 arrays, shape (row,)
    smoothed : bool
        Whether joints are smoothed by the moving average of 細田ら (2010).
    """

    dbh_from_cm: Array
    a: Array
    b: Array
    c: Array
    smoothed: bool

    def volume_m3(self, dbh_cm: Array, height_m: Array) -> Array:
        """Return volumes, smoothed near joints when the equation asks for it."""
        volume = self.raw_m3(dbh_cm, height_m)
        if not self.smoothed:
            return volume
        for joint in self.dbh_from_cm[1:]:
            near = np.abs(dbh_cm - joint) < _HALF_WINDOW_CM
            if near.any():
                volume[near] = self._smoothed_m3(dbh_cm[near], height_m[near], float(joint))
        return volume

    def raw_m3(self, dbh_cm: Array, height_m: Array) -> Array:
        """Return volumes of the row that holds each diameter, jumps left in."""
        row = np.searchsorted(self.dbh_from_cm, dbh_cm, side="right") - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            exponent = (
                self.a[row] + self.b[row] * np.log10(dbh_cm) + self.c[row] * np.log10(height_m)
            )
        return np.where((dbh_cm > 0) & (height_m > 0), 10.0**exponent, 0.0)

    def _smoothed_m3(self, dbh_cm: Array, height_m: Array, joint_cm: float) -> Array:
        """Three-point moving average on 2 cm classes around one joint (細田ら 2010)."""
        start = joint_cm - _HALF_WINDOW_CM
        v1, v2, v3, v4 = (
            self.raw_m3(np.full_like(dbh_cm, start + _CLASS_CM * i), height_m) for i in range(4)
        )
        knots = np.stack([v1, (v1 + v2 + v3) / 3, (v2 + v3 + v4) / 3, v4])
        position = (dbh_cm - start) / _CLASS_CM
        left = np.clip(position.astype(np.intp), 0, 2)
        part = position - left
        column = np.arange(dbh_cm.size)
        result: Array = knots[left, column] * (1 - part) + knots[left + 1, column] * part
        return result


@dataclass(frozen=True, slots=True)
class FormFactor:
    """One term of the form factor: ``c + l x + i / x + s / x**2 + e exp(k x)``."""

    constant: float
    linear: float
    inverse: float
    inverse_square: float
    exp_scale: float
    exp_rate: float

    def rounded(self, x: Array) -> Array:
        """Return the factor to three decimals, halves up, as the printed tables do."""
        value = (
            self.constant
            + self.linear * x
            + self.inverse / x
            + self.inverse_square / x**2
            + self.exp_scale * np.exp(self.exp_rate * x)
        )
        # The small addend decides ties that binary fractions would round down.
        return np.floor((value + 1e-10) * 1000 + 0.5) / 1000


@dataclass(frozen=True, slots=True)
class FormFactorEquation:
    """``v = H D**2 pi f / 40000`` with f the mean of a diameter and a height term."""

    by_dbh: FormFactor
    by_height: FormFactor

    def volume_m3(self, dbh_cm: Array, height_m: Array) -> Array:
        """Return volumes; zero where the diameter or the height is not positive."""
        standing = (dbh_cm > 0) & (height_m > 0)
        dbh, height = np.where(standing, dbh_cm, 1.0), np.where(standing, height_m, 1.0)
        factor = (self.by_dbh.rounded(dbh) + self.by_height.rounded(height)) / 2
        return np.where(standing, height * dbh**2 * np.pi * factor / 40000, 0.0)


@dataclass(frozen=True, slots=True)
class StemVolumeTables:
    """All stem volume equations of Hokkaido with the choice by species and bureau.

    Examples
    --------
    >>> tables = StemVolumeTables.load()
    >>> name = tables.equation_for("ミズナラ", "北見")
    >>> name
    '北海道広葉樹'
    >>> round(float(tables.volume_m3(name, 25, 18)), 6)
    0.411198
    """

    equations: dict[str, PowerEquation | FormFactorEquation]
    species: dict[tuple[str, str], str]
    bureau_of_area: dict[str, str]

    @classmethod
    def load(cls) -> Self:
        """Read the tables shipped with the engine."""
        species = read_table("species_equation_hokkaido.csv")
        areas = read_table("stem_volume_area_hokkaido.csv")
        return cls(
            equations={**_power_equations(), **_form_factor_equations()},
            species={(row["species"], row["bureau"]): row["equation"] for row in species},
            bureau_of_area={row["area"]: row["bureau"] for row in areas},
        )

    def volume_m3(self, equation: str, dbh_cm: ArrayLike, height_m: ArrayLike) -> Array:
        """Return stem volumes with bark.

        Parameters
        ----------
        equation : str
            Name of the equation, as `equation_for` gives it.
        dbh_cm, height_m : array_like
            Diameter at 1.3 m (cm) and total height (m); broadcast together.

        Returns
        -------
        float64 array
            Cubic metres, in the broadcast shape; 0 where either is not positive.

        Raises
        ------
        UnknownVolumeEquationError
            If no equation has this name.
        """
        if equation not in self.equations:
            raise UnknownVolumeEquationError(
                f"no stem volume equation {equation!r}; known: {', '.join(self.equations)}",
                equation=equation,
            )
        dbh, height = np.broadcast_arrays(
            np.asarray(dbh_cm, dtype=np.float64), np.asarray(height_m, dtype=np.float64)
        )
        flat = self.equations[equation].volume_m3(dbh.ravel(), height.ravel())
        return flat.reshape(dbh.shape)

    def equation_for(self, species_name: str, bureau: str) -> str:
        """Return the equation for a species in the area of an old regional bureau (営林局).

        Species without a row of their own take the common broadleaf equation.

        Raises
        ------
        UnknownVolumeEquationError
            If the bureau is not one of 旭川, 北見, 帯広, 札幌, 函館.
        """
        bureaus = sorted(set(self.bureau_of_area.values()))
        if bureau not in bureaus:
            raise UnknownVolumeEquationError(
                f"no old bureau {bureau!r}; use one of {', '.join(bureaus)}", bureau=bureau
            )
        by_bureau = self.species.get((species_name, bureau))
        return by_bureau or self.species.get((species_name, ANY_BUREAU), BROADLEAF_EQUATION)


def _power_equations() -> dict[str, PowerEquation | FormFactorEquation]:
    rows = read_table("stem_volume_hokkaido.csv")
    return {
        name: _power_equation([row for row in rows if row["equation"] == name])
        for name in dict.fromkeys(row["equation"] for row in rows)
    }


def _power_equation(rows: list[dict[str, str]]) -> PowerEquation:
    def column(name: str) -> Array:
        return np.array([float(row[name]) for row in rows])

    return PowerEquation(
        column("dbh_from_cm"), column("a"), column("b"), column("c"), rows[0]["smoothed"] == "1"
    )


def _form_factor_equations() -> dict[str, PowerEquation | FormFactorEquation]:
    terms = {
        (row["equation"], row["variable"]): FormFactor(
            *(float(row[name]) for name in FormFactor.__dataclass_fields__)
        )
        for row in read_table("form_factor_hokkaido.csv")
    }
    names = dict.fromkeys(name for name, _ in terms)
    return {
        name: FormFactorEquation(terms[name, "dbh_cm"], terms[name, "height_m"]) for name in names
    }
