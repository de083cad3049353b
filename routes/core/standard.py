"""What a class of road demands of a line, and what building it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routes.errors import PlanError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standard:
    """Limits of a class of road.

    Attributes
    ----------
    greatest_gradient : float
        Rise over run along the line.
    least_radius_m : float
        Of a curve.
    greatest_cross_slope : float
        Rise over run of the ground across the line.
    width_m : float
        Of the formation.
    cut_batter : float
        Run over rise of the cut face.
    """

    greatest_gradient: float
    least_radius_m: float
    greatest_cross_slope: float = 1.0
    width_m: float = 3.0
    cut_batter: float = 0.6

    def __post_init__(self) -> None:
        for name in ("greatest_gradient", "least_radius_m", "greatest_cross_slope", "width_m"):
            if not getattr(self, name) > 0:
                raise PlanError(f"{name} is {getattr(self, name)}; it must be above 0", limit=name)
        if self.cut_batter * self.greatest_cross_slope >= 1:
            raise PlanError(
                f"a cut face of 1:{self.cut_batter} never meets ground that rises "
                f"{self.greatest_cross_slope:.0%}; lower the cross slope or steepen the face",
                limit="cut_batter",
            )

    def cut_m2(self, cross_slope: Array) -> Array:
        """Return the area of cut in the cross section, m2, of a bench half in cut and half in fill.

        A triangle on half the width under ground of slope s, its face running back n in 1:
        (w / 2)**2 s / (2 (1 - n s)), exact for straight ground.
        """
        s = np.abs(cross_slope)
        return np.asarray((self.width_m / 2) ** 2 * s / (2 * (1 - self.cut_batter * s)))


@dataclass(frozen=True, slots=True)
class Prices:
    """What a line costs, in any one unit of money.

    Attributes
    ----------
    per_m : float
        Of line on level ground.
    per_m3 : float
        Of earth that is cut.
    """

    per_m: float = 1.0
    per_m3: float = 0.0

    def __post_init__(self) -> None:
        if not self.per_m > 0 or self.per_m3 < 0:
            raise PlanError(
                f"prices of {self.per_m} a metre and {self.per_m3} a m3 give no cheapest line",
                limit="price",
            )
