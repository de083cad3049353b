"""What a fictitious register says of 小班: forest types, species, ages and stocks that go together.

The curves are Richards functions whose ends lie where Hokkaido's stands do. They are no yield
table and must not be used as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Growth:
    """How a kind of stand grows: height and stock approach an end, `rate` a year.

    Attributes
    ----------
    species : str
        Code of its first species in the 2024 code table.
    share : float
        How much of its forest type is of this kind.
    broadleaf : float
        Share of the stock.
    height_m, stock_m3ha, rate, shape : float
        ``end * (1 - exp(-rate * age)) ** shape``
    """

    species: str
    share: float
    broadleaf: float
    height_m: float
    stock_m3ha: float
    rate: float
    shape: float


PLANTATION, NATURAL, COPPICE, CUT_NATURAL, CUT_PLANTATION, BARE = "123456"

_FOREST_TYPES = {
    PLANTATION: 0.42,
    NATURAL: 0.45,
    COPPICE: 0.04,
    CUT_NATURAL: 0.01,
    CUT_PLANTATION: 0.03,
    BARE: 0.05,
}
_PROTECTION = {"01": 0.70, "11": 0.22, "12": 0.04, "13": 0.01, "14": 0.005, "15": 0.025}
_KINDS = {
    PLANTATION: (
        Growth("23", 0.46, 0.05, 25, 420, 0.035, 2.2),
        Growth("17", 0.38, 0.08, 28, 340, 0.040, 1.8),
        Growth("26", 0.09, 0.04, 23, 350, 0.030, 2.5),
        Growth("22", 0.02, 0.05, 28, 330, 0.045, 1.8),
        Growth("49", 0.03, 0.95, 22, 220, 0.035, 1.6),
        Growth("97", 0.02, 0.97, 20, 190, 0.030, 1.8),
    ),
    NATURAL: (
        Growth("98", 0.62, 0.97, 20, 190, 0.025, 1.5),
        Growth("99", 0.29, 0.55, 23, 240, 0.022, 1.5),
        Growth("39", 0.09, 0.15, 24, 280, 0.022, 1.7),
    ),
    COPPICE: (Growth("98", 1.0, 0.98, 17, 150, 0.040, 1.4),),
}
#: Mean and spread of ages; plantations were mostly planted within some thirty years.
_AGES = {PLANTATION: (48, 15), NATURAL: (85, 28), COPPICE: (45, 18)}
_OLDEST = 200
_UNDERSTOREY_SHARE = 0.12
_PLACES = (
    "川上", "上沢", "滝の下", "共和", "協栄", "豊里", "美山", "本町", "朝日", "中央",
    "東", "西", "南丘", "北見台", "栄", "清水", "若葉", "大沢", "二股", "白樺",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Storeys:
    """Rows of a register, one a storey.

    Attributes
    ----------
    cell : int64 array, shape (row,)
        Which 小班.
    storey, age, share1, share2 : int64 arrays, shape (row,)
        0 where the register has no value (a storey has always one).
    protection, forest_type, species1, species2, slope, lot : text arrays, shape (row,)
    height_m, conifer_m3ha, broadleaf_m3ha : float64 arrays, shape (row,)
        nan without trees.
    """

    cell: Whole
    storey: Whole
    protection: NDArray[np.str_]
    forest_type: NDArray[np.str_]
    species1: NDArray[np.str_]
    share1: Whole
    species2: NDArray[np.str_]
    share2: Whole
    age: Whole
    height_m: Floats
    conifer_m3ha: Floats
    broadleaf_m3ha: Floats
    slope: NDArray[np.str_]
    lot: NDArray[np.str_]


def storeys(compartment: Whole, number: Whole, years_later: int, rng: Generator) -> Storeys:
    """Draw the register of 小班.

    Parameters
    ----------
    compartment, number : int64 arrays, shape (小班,)
        Of `Partition`; protection and place are drawn for whole compartments.
    years_later : int
        By how much older the stands are than those of the base year with the same seed.
    """
    upper = _upper(compartment, number, years_later, rng)
    return _joined(upper, _lower(upper, years_later, rng))


def _upper(compartment: Whole, number: Whole, years_later: int, rng: Generator) -> Storeys:
    n, n_compartments = len(number), int(compartment.max(initial=0)) + 1
    kind = _drawn(_FOREST_TYPES, n, rng)
    protection = _drawn(_PROTECTION, n_compartments, rng)[compartment]
    place = rng.choice(np.array(_PLACES), n_compartments)[compartment]
    growth = _growth(kind, rng)
    age = _ages(kind, rng) + years_later * growth.trees
    share1 = np.where(rng.random(n) < 0.4, 10 * rng.integers(6, 10, n), 100) * growth.trees
    mixed = growth.trees & (share1 < 100)
    second = np.where(growth.broadleaf > 0.5, "23", "98")
    height, conifer, broadleaf = growth.at(age, rng.lognormal(0, 0.25, n))
    return Storeys(
        cell=np.arange(n),
        storey=np.ones(n, dtype=np.int64),
        protection=protection,
        forest_type=kind,
        species1=growth.species,
        share1=share1,
        species2=np.where(mixed, second, ""),
        share2=np.where(mixed, 100 - share1, 0),
        age=np.where(growth.trees, age, 0),
        height_m=height,
        conifer_m3ha=conifer,
        broadleaf_m3ha=broadleaf,
        slope=rng.choice(np.array(["1", "2", "3"]), n, p=[0.5, 0.35, 0.15]),
        lot=_lots(place, compartment, rng),
    )


def _lower(upper: Storeys, years_later: int, rng: Generator) -> Storeys:
    """Draw the understorey that some stands have; it repeats the ground of the upper one."""
    has = (upper.age > 40) & (rng.random(len(upper.age)) < _UNDERSTOREY_SHARE)
    cell = np.flatnonzero(has)
    n = len(cell)
    kind = np.full(n, NATURAL)
    growth = _growth(kind, rng)
    age = rng.integers(3, 31, n) + years_later
    height, conifer, broadleaf = growth.at(age, rng.lognormal(-0.5, 0.3, n))
    nothing = np.zeros(n, dtype=np.int64)
    return Storeys(
        cell=cell,
        storey=np.full(n, 2),
        protection=upper.protection[has],
        forest_type=upper.forest_type[has],
        species1=growth.species,
        share1=np.full(n, 100),
        species2=np.full(n, ""),
        share2=nothing,
        age=age,
        height_m=height,
        conifer_m3ha=conifer,
        broadleaf_m3ha=broadleaf,
        slope=upper.slope[has],
        lot=upper.lot[has],
    )


def _joined(a: Storeys, b: Storeys) -> Storeys:
    return Storeys(
        *(
            np.concatenate([getattr(a, name), getattr(b, name)])
            for name in Storeys.__dataclass_fields__
        )
    )


@dataclass(frozen=True, slots=True)
class _Growths:
    """`Growth` of each row, as arrays; zeros and an empty species where no trees stand."""

    species: NDArray[np.str_]
    broadleaf: Floats
    height_m: Floats
    stock_m3ha: Floats
    rate: Floats
    shape: Floats

    @property
    def trees(self) -> Flags:
        return np.asarray(self.species != "")

    def at(self, age: Whole, site: Floats) -> tuple[Floats, Floats, Floats]:
        """Return height in m, conifer and broadleaf stock in m3/ha; nan without trees."""
        grown = np.where(self.trees, (1 - np.exp(-self.rate * age)) ** self.shape, np.nan)
        stock = self.stock_m3ha * grown * site
        height = self.height_m * np.sqrt(site) * grown**0.6
        return height, stock * (1 - self.broadleaf), stock * self.broadleaf


def _growth(forest_type: NDArray[np.str_], rng: Generator) -> _Growths:
    n = len(forest_type)
    species = np.full(n, "", dtype="<U2")
    figures = np.zeros((5, n))
    for code, kinds in _KINDS.items():
        rows = np.flatnonzero(forest_type == code)
        drawn = rng.choice(len(kinds), len(rows), p=[kind.share for kind in kinds])
        table = np.array([(k.broadleaf, k.height_m, k.stock_m3ha, k.rate, k.shape) for k in kinds])
        species[rows] = np.array([kind.species for kind in kinds])[drawn]
        figures[:, rows] = table[drawn].T
    return _Growths(species, *figures)


def _ages(forest_type: NDArray[np.str_], rng: Generator) -> Whole:
    age = np.zeros(len(forest_type), dtype=np.int64)
    for code, (mean, spread) in _AGES.items():
        rows = forest_type == code
        age[rows] = np.clip(rng.normal(mean, spread, rows.sum()), 1, _OLDEST).astype(np.int64)
    return age


def _drawn(shares: dict[str, float], n: int, rng: Generator) -> NDArray[np.str_]:
    return rng.choice(np.array(list(shares)), n, p=list(shares.values()))


def _lots(place: NDArray[np.str_], compartment: Whole, rng: Generator) -> NDArray[np.str_]:
    """Return 代表地番 such as 字川上123番4."""
    n = len(place)
    parent, branch = 10 * compartment + rng.integers(0, 10, n), rng.integers(1, 30, n)
    return np.array(
        [f"字{p}{a}番{b}" for p, a, b in zip(place, parent, branch, strict=True)], dtype=np.str_
    )
