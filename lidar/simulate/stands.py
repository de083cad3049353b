"""Stands of a simulated scene: what grows in each 小班, how old and how dense."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lidar.simulate.layout import Subcompartment
from lidar.simulate.species import BIRCH, FIR, LARCH, MAPLE, OAK
from lidar.simulate.terrain import Relief

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StandType:
    """A kind of stand and the range its members are drawn from.

    Attributes
    ----------
    name : str
    forest_type : int
        林種コード: 1 plantation, 2 natural, 5 felled plantation, 6 not stocked.
    shares : dict of species index to share of stems
    ages : (int, int)
        Youngest and oldest, years.
    stocking : (float, float)
        Share of the full stem number.
    weight : int
        How often it occurs.
    regular : bool
        Whether trees stand in rows.
    """

    name: str
    forest_type: int
    shares: dict[int, float]
    ages: tuple[int, int]
    stocking: tuple[float, float]
    weight: int
    regular: bool = False


STAND_TYPES: tuple[StandType, ...] = (
    StandType("natural oak", 2, {OAK: 0.60, MAPLE: 0.25, BIRCH: 0.15}, (55, 130), (0.55, 1.0), 9),
    StandType("natural maple", 2, {MAPLE: 0.55, OAK: 0.25, BIRCH: 0.20}, (50, 120), (0.6, 1.0), 6),
    StandType("birch", 2, {BIRCH: 0.80, OAK: 0.10, MAPLE: 0.10}, (25, 65), (0.5, 0.95), 7),
    StandType(
        "mixed", 2, {FIR: 0.45, OAK: 0.25, MAPLE: 0.20, BIRCH: 0.10}, (60, 120), (0.6, 1.0), 6
    ),
    StandType("fir", 1, {FIR: 0.97, BIRCH: 0.03}, (22, 65), (0.6, 1.0), 9, regular=True),
    StandType("larch", 1, {LARCH: 0.95, BIRCH: 0.05}, (18, 62), (0.55, 1.0), 9, regular=True),
    StandType(
        "larch, invaded", 1, {LARCH: 0.60, BIRCH: 0.28, OAK: 0.12}, (30, 60), (0.6, 0.95), 4,
        regular=True,
    ),
    StandType("fir, invaded", 1, {FIR: 0.65, BIRCH: 0.25, MAPLE: 0.10}, (25, 55), (0.6, 0.95), 3),
    StandType("young larch", 1, {LARCH: 0.9, BIRCH: 0.1}, (5, 11), (0.8, 1.0), 2, regular=True),
    StandType("clear-cut", 5, {BIRCH: 1.0}, (0, 0), (0.0, 0.0), 2),
    StandType("landing and pond", 6, {OAK: 1.0}, (0, 0), (0.0, 0.0), 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stand:
    """What grows in one 小班.

    Attributes
    ----------
    kind : StandType
    shares : float64 array, shape (species,)
        Share of stems of each species.
    age : int
        Years; 0 where not stocked.
    stocking : float
    vigour, taper : float
        Stand's own factors on height and on diameter at a given height, near 1: what
        no height measured from above can tell.
    undergrowth_m : float
        Height of dwarf bamboo and shrubs.
    """

    kind: StandType
    shares: Array
    age: int
    stocking: float
    vigour: float
    taper: float
    undergrowth_m: float


def make_stands(
    layout: list[Subcompartment], relief: Relief, rng: np.random.Generator
) -> list[Stand]:
    """Return a stand for each 小班: every kind in turn, plantations on the gentler ground."""
    kinds = _kinds(len(layout), rng)
    slope = np.array([_slope_deg(relief, unit) for unit in layout])
    order = np.argsort(slope + rng.normal(0, 4.0, len(layout)), kind="stable")
    planted_first = sorted(kinds, key=lambda kind: kind.forest_type == 2)
    assigned: list[StandType | None] = [None] * len(layout)
    for place, kind in zip(order, planted_first, strict=True):
        assigned[place] = kind
    return [_stand(kind, rng) for kind in assigned if kind is not None]


def _kinds(count: int, rng: np.random.Generator) -> list[StandType]:
    """Spread the kinds over the stands in proportion to their weights."""
    deck = [kind for kind in STAND_TYPES for _ in range(kind.weight)]
    picks = (np.arange(count) + rng.uniform()) * len(deck) / count
    return [deck[int(i)] for i in picks]


def _slope_deg(relief: Relief, unit: Subcompartment) -> float:
    middle = unit.polygon.centroid
    return float(relief.slope_deg(np.array([middle.x]), np.array([middle.y]), 20.0)[0])


def _stand(kind: StandType, rng: np.random.Generator) -> Stand:
    shares = np.zeros(5)
    for species, share in kind.shares.items():
        shares[species] = share * rng.lognormal(0, 0.25)
    return Stand(
        kind=kind,
        shares=shares / shares.sum(),
        age=int(rng.integers(kind.ages[0], kind.ages[1] + 1)),
        stocking=float(rng.uniform(*kind.stocking)),
        vigour=float(rng.normal(1, 0.05)),
        taper=float(rng.normal(1, 0.03)),
        undergrowth_m=float(rng.uniform(0.25, 0.9)),
    )
