"""Figures of a stand from its volume, stems and height: diameter, form, spacing, density.

None of them is seen from above. Mean diameter is the one at which the stem volume
equation gives the mean stem: then stems, height, diameter and volume of a cell agree with
each other, as those of the standard's tables do. Where small trees stay unseen, stems are
too few and the diameter is that of the trees that make the canopy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lidar.core.stem_volume import BROADLEAF_EQUATION, StemVolumeTables
from lidar.errors import StandDensityError

CONIFER_EQUATION = "北海道針葉樹"
SQUARE_M_OF_HA = 10_000.0
THICKEST_CM = 200.0
_HALVINGS = 22

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DensityEquation:
    """Stand density diagram (林分密度管理図) of one species and region.

    ``V = 1 / (b1 H**b2 + b3 H**b4 / N)`` is the stem volume of a stand of N stems/ha and
    top height H; ``log10 N_full = k1 - k2 log10 H`` the greatest number of stems it can
    have (安藤 1968; 林野庁 1978-1980). Coefficients are data of the user: none come with
    the engine.

    Parameters
    ----------
    b1, b2, b3, b4, k1, k2 : float
    source : str
        Diagram they are taken from.
    """

    b1: float
    b2: float
    b3: float
    b4: float
    k1: float
    k2: float
    source: str

    def volume_m3ha(self, height_m: Array, stems_ha: Array) -> Array:
        """Return the volume of a stand in m3/ha."""
        inverse = self.b1 * height_m**self.b2 + self.b3 * height_m**self.b4 / stems_ha
        return np.asarray(1.0 / inverse)

    def yield_index(self, height_m: Array, stems_ha: Array) -> Array:
        """Return 収量比数 Ry: volume by that of a fully stocked stand of the same height."""
        full = 10.0 ** (self.k1 - self.k2 * np.log10(height_m))
        return self.volume_m3ha(height_m, stems_ha) / self.volume_m3ha(height_m, full)

    def to_dict(self) -> dict[str, Any]:
        """Return the coefficients for JSON."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return the equation of a row of a table, or of `to_dict`.

        Raises
        ------
        StandDensityError
            If a coefficient is missing or no number, or the source is missing.
        """
        try:
            numbers = {name: float(row[name]) for name in ("b1", "b2", "b3", "b4", "k1", "k2")}
            source = row["source"]
        except (KeyError, TypeError, ValueError) as error:
            raise StandDensityError(
                f"stand density: {error} in row {dict(row)}; it needs b1, b2, b3, b4, k1, k2 as "
                "numbers and source",
                row=dict(row),
            ) from error
        if not source:
            raise StandDensityError(
                f"stand density: row {dict(row)} names no source", row=dict(row)
            )
        return cls(**numbers, source=source)


@dataclass(frozen=True, slots=True)
class StandFigures:
    """Figures of cells, float64 arrays of shape (n,), nan where they cannot be said.

    Attributes
    ----------
    dbh_cm : 平均直径, mean diameter at breast height
    form_ratio : 形状比, height in m by diameter in m
    relative_spacing_pct : 相対幹距比 Sr, mean distance of stems by height, %
    yield_index : 収量比数 Ry
    """

    dbh_cm: Array
    form_ratio: Array
    relative_spacing_pct: Array
    yield_index: Array


def figures(
    total_m3ha: NDArray[np.floating],
    hardwood_share: NDArray[np.floating],
    stems_ha: NDArray[np.floating],
    height_m: NDArray[np.floating],
    *,
    conifer_equation: str = CONIFER_EQUATION,
    density: Mapping[str, DensityEquation] | None = None,
) -> StandFigures:
    """Return the figures of cells.

    Parameters
    ----------
    total_m3ha, hardwood_share, stems_ha, height_m : float arrays, shape (n,)
        Stem volume, hardwood's share of it, tree tops and their mean height.
    conifer_equation : str
        Stem volume equation where conifers prevail; broadleaves have one in Hokkaido.
    density : dict of "hardwood" and "conifer" to DensityEquation, optional
        Without one the yield index is nan.
    """
    total, stems, height = (np.asarray(v, np.float64) for v in (total_m3ha, stems_ha, height_m))
    standing = (total > 0) & (stems > 0) & (height > 0)
    hardwood = np.nan_to_num(np.asarray(hardwood_share, np.float64)) >= 0.5
    groups = {"hardwood": standing & hardwood, "conifer": standing & ~hardwood}
    equation = {"hardwood": BROADLEAF_EQUATION, "conifer": conifer_equation}
    dbh, index = np.full(total.shape, np.nan), np.full(total.shape, np.nan)
    for group, which in groups.items():
        mean_stem = total[which] / stems[which]
        dbh[which] = diameter_cm(equation[group], mean_stem, height[which])
        if density and group in density:
            index[which] = density[group].yield_index(height[which], stems[which])
    spacing = np.full(total.shape, np.nan)
    trees = (stems > 0) & (height > 0)
    spacing[trees] = 100.0 * np.sqrt(SQUARE_M_OF_HA / stems[trees]) / height[trees]
    return StandFigures(dbh, height * 100.0 / dbh, spacing, index)


def diameter_cm(equation: str, volume_m3: Array, height_m: Array) -> Array:
    """Return the diameter at breast height at which a stem has a volume.

    The inverse of a stem volume equation, by halving: to less than a millimetre.

    Parameters
    ----------
    equation : str
        See `StemVolumeTables.equation_for`.
    volume_m3, height_m : float64 arrays, shape (n,)

    Returns
    -------
    float64 array, shape (n,)
        nan where even a stem of 200 cm is smaller.

    Raises
    ------
    UnknownVolumeEquationError
        If no equation has this name.
    """
    tables = StemVolumeTables.load()
    low, high = np.zeros_like(volume_m3), np.full_like(volume_m3, THICKEST_CM)
    too_big = tables.volume_m3(equation, high, height_m) < volume_m3
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        smaller = tables.volume_m3(equation, middle, height_m) < volume_m3
        low, high = np.where(smaller, middle, low), np.where(smaller, high, middle)
    return np.where(too_big, np.nan, (low + high) / 2)
