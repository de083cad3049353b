"""What the vector products say of a cell: species, stand figures, where and when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lidar.core import stand
from lidar.core.stand import DensityEquation, StandFigures
from lidar.io.vector import Zones
from lidar.run import municipality
from lidar.run.assembly import Cells
from lidar.run.params import RunParams
from lidar.run.volumes import Volumes

SPECIES_OF_STRATUM = {1: ("11", "その他Ｌ"), 2: ("07", "その他Ｎ"), 3: ("96", "針広混交林")}
SQUARE_M_OF_HA = 10_000.0

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Stands:
    """The cells of a run with all that their products share.

    Attributes
    ----------
    cells : Cells
    volumes : Volumes
    figures : StandFigures
    municipality : object array, shape (n,)
        Code of five digits, None where not known.
    day : str or None
        Day of the scan, ISO 8601.
    scan_method : str
        Code of 森林計測法.
    """

    cells: Cells
    volumes: Volumes
    figures: StandFigures
    municipality: NDArray[np.object_]
    day: str | None
    scan_method: str

    @classmethod
    def of(
        cls,
        cells: Cells,
        volumes: Volumes,
        municipalities: Zones | None,
        day: str | None,
        params: RunParams,
    ) -> Stands:
        """Return the stands of a run's cells."""
        found = volumes.cells
        area_ha = cells.grid.cell_m**2 / SQUARE_M_OF_HA
        density = {
            group: DensityEquation.from_row(row)
            for group, row in (params.stand_density or {}).items()
        }
        figures = stand.figures(
            found.hardwood_m3ha.astype(np.float64) + found.conifer_m3ha,
            found.hardwood_share,
            cells.stems / area_ha,
            cells.tree_height_m,
            conifer_equation=params.conifer_equation,
            density=density,
        )
        codes = municipality.codes(municipalities, cells.grid)
        return cls(cells, volumes, figures, codes, day, params.scan_method)

    def species(self, which: NDArray[np.intp]) -> Columns:
        """Return 解析樹種ID and 解析樹種 of cells, None where no trees stand."""
        strata = self.volumes.cells.stratum[which]
        return {
            name: np.array([_species(int(s), part) for s in strata], object)
            for part, name in enumerate(("解析樹種ID", "解析樹種"))
        }

    def survey(self, which: NDArray[np.intp]) -> Columns:
        """Return 森林計測年, 森林計測法, 県code and 市町村code of cells."""
        code = self.municipality[which]
        day = None if self.day is None else np.datetime64(dt.date.fromisoformat(self.day))
        return {
            "森林計測年": np.full(
                which.size, np.datetime64("NaT") if day is None else day, "M8[D]"
            ),
            "森林計測法": np.full(which.size, self.scan_method, object),
            "県code": municipality.prefectures(code),
            "市町村code": code,
        }


def _species(stratum: int, part: int) -> str | None:
    named = SPECIES_OF_STRATUM.get(stratum)
    return None if named is None else named[part]
