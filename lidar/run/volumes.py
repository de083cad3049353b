"""From cell metrics to volumes: calibrate, predict, total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.core import strata, totals, volume
from lidar.core.calibration import PlotSample
from lidar.core.carbon import CarbonFactors
from lidar.core.strata import PureStands
from lidar.core.totals import ZoneTotal
from lidar.core.volume_model import CellVolumes, VolumeModel
from lidar.io.plots import PlotTable
from lidar.io.vector import Zones
from lidar.run.assembly import Cells
from lidar.run.coverage import coverage

NOT_TOTALS = ("calibrated", "area_ha")


@dataclass(frozen=True, slots=True)
class Volumes:
    """Volumes of a run: model, cells, errors of cells."""

    model: VolumeModel
    cells: CellVolumes
    hardwood_se_m3ha: NDArray[np.float32]

    def rasters(self) -> dict[str, NDArray[np.float32]]:
        """Return the flat arrays of the mesh rasters."""
        return {
            "hardwood_m3ha": self.cells.hardwood_m3ha,
            "conifer_m3ha": self.cells.conifer_m3ha,
            "hardwood_se_m3ha": self.hardwood_se_m3ha,
            "hardwood_share": self.cells.hardwood_share,
        }


def calibrate(
    plots: PlotTable | None,
    metrics: dict[str, NDArray[np.float64]],
    made: dict[str, Any] | None,
    family: str,
    pure: PureStands | None,
) -> VolumeModel:
    """Return the model fitted on plots, else the one made earlier, else the uncalibrated one.

    Raises
    ------
    PlotSampleError
        If the plots cannot carry a model.
    """
    if plots is None:
        return volume.uncalibrated() if made is None else VolumeModel.from_dict(made)
    sample = PlotSample(
        metrics=metrics,
        hardwood_m3ha=plots.hardwood_m3ha,
        conifer_m3ha=plots.conifer_m3ha,
        x_m=plots.x_m,
        y_m=plots.y_m,
        area_m2=np.pi * plots.radius_m**2,
    )
    return volume.fit(sample, family, pure)


def pure_stands(zones: Zones | None, cells: Cells) -> PureStands | None:
    """Return cells of the stands that the register knows as of one kind; None without a register."""
    if zones is None or zones.hardwood_share is None:
        return None
    pure = strata.is_pure(zones.hardwood_share)
    geometries = zones.to(cells.grid.crs).geometries[pure]
    touched = shapely.intersects(geometries, shapely.box(*cells.grid.bounds))
    if not touched.any():
        return None
    inside = coverage(geometries[touched], cells.grid)
    return PureStands.of(cells.metrics, inside, zones.hardwood_share[pure][touched])


def predict(model: VolumeModel, cells: Cells) -> Volumes:
    """Return the volumes of all cells of the mesh, nan where nothing was scanned."""
    found = model.predict(cells.metrics)
    return Volumes(model, found, model.errors(cells.metrics).hardwood_se_m3ha)


def zone_columns(
    zones: Zones,
    cells: Cells,
    volumes: Volumes,
    scan_date: str | None,
    carbon_species: tuple[str, str],
) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
    """Return the columns of the zones' table, and which zones the scan touches.

    ``area_ha`` is that of the polygon, ``scanned_ha`` that of the cells with
    returns in it; volumes, and the carbon in them, are of the latter.

    Raises
    ------
    CarbonFactorError
        If there are no carbon factors of a species.
    """
    found = totals.zone_totals(
        volumes.model,
        cells.metrics,
        coverage(zones.geometries, cells.grid),
        cells.grid.cols,
        cells.grid.cell_m,
        volumes.cells,
    )
    scanned = np.array([z.scanned_ha > 0 for z in found], bool)
    kept = [z for z in found if z.scanned_ha > 0]
    names = [n for n in ZoneTotal.__dataclass_fields__ if n not in NOT_TOTALS]
    table: dict[str, NDArray[Any]] = {
        "key": np.array(zones.keys, dtype=object)[scanned],
        "area_ha": shapely.area(zones.geometries[scanned]) / 10_000,
        **{name: np.array([getattr(z, name) for z in kept]) for name in names},
        "calibrated": np.full(len(kept), int(volumes.model.calibrated), np.int32),
        "scanned_on": np.full(len(kept), scan_date, object),
    }
    carbon = [
        CarbonFactors.of(species).carbon_t(table[f"{group}_m3"])
        for group, species in zip(("hardwood", "conifer"), carbon_species, strict=True)
    ]
    table["carbon_t"] = np.round(carbon[0] + carbon[1], 2)
    return table, scanned
