"""Growth, crown and reflectance of the simulated species.

Plausible round values for a simulation, not measurements: heights after the usual range of
Hokkaido stands, crown extinction after published leaf area densities of a few tenths
to one square metre a cubic metre, reflectance ratios as seen at 1064 nm (leaves bright,
needles and bark darker).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from lidar.simulate.params import Season


class Crown(IntEnum):
    """Shape of a crown."""

    ELLIPSOID = 0
    CONE = 1
    PARABOLOID = 2


@dataclass(frozen=True, slots=True)
class Species:
    """One tree species of the simulation.

    Attributes
    ----------
    name : str
    code : int
        Species code of the Hokkaido register (樹種コード).
    hardwood : bool
    top_height_m : float
        Asymptotic stand height on a middling site.
    growth_rate : float
        Rate of the height curve, per year.
    slenderness : float
        Height in metres of a canopy tree of 20 cm DBH, over that stand's height of 16 m.
    shape : Crown
    crown_ratio : float
        Crown length as a share of the height.
    crown_base_m, crown_per_dbh : float
        Crown radius = base + per_dbh x DBH (cm), metres.
    extinction : dict of Season to float
        Hits per metre of beam inside the crown.
    reflectance : dict of Season to float
        Brightness of a full hit, ground litter about 0.35.
    """

    name: str
    code: int
    hardwood: bool
    top_height_m: float
    growth_rate: float
    slenderness: float
    shape: Crown
    crown_ratio: float
    crown_base_m: float
    crown_per_dbh: float
    extinction: dict[Season, float]
    reflectance: dict[Season, float]


SPECIES: tuple[Species, ...] = (
    Species(
        "ミズナラ", 64, True, 23.0, 0.022, 0.94, Crown.ELLIPSOID, 0.55, 0.70, 0.090,
        {"leaf_off": 0.055, "leaf_on": 0.32}, {"leaf_off": 0.30, "leaf_on": 0.58},
    ),
    Species(
        "シラカンバ", 49, True, 22.5, 0.040, 1.10, Crown.ELLIPSOID, 0.45, 0.60, 0.075,
        {"leaf_off": 0.045, "leaf_on": 0.25}, {"leaf_off": 0.34, "leaf_on": 0.62},
    ),
    Species(
        "イタヤカエデ", 98, True, 22.0, 0.021, 0.98, Crown.ELLIPSOID, 0.55, 0.65, 0.085,
        {"leaf_off": 0.050, "leaf_on": 0.36}, {"leaf_off": 0.31, "leaf_on": 0.60},
    ),
    Species(
        "トドマツ", 23, False, 25.5, 0.030, 0.97, Crown.CONE, 0.62, 0.65, 0.062,
        {"leaf_off": 0.75, "leaf_on": 0.75}, {"leaf_off": 0.40, "leaf_on": 0.40},
    ),
    Species(
        "カラマツ", 17, False, 27.0, 0.036, 1.05, Crown.PARABOLOID, 0.50, 0.60, 0.068,
        {"leaf_off": 0.26, "leaf_on": 0.38}, {"leaf_off": 0.42, "leaf_on": 0.46},
    ),
)  # fmt: skip

OAK, BIRCH, MAPLE, FIR, LARCH = range(5)
