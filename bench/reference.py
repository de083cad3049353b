"""Judging methods against reference data: ground, terrain, crowns, plot volumes, simulated forests.

Tests hold the same figures to their limits.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core import ground, surface, terrain, totals, trees, volume
from lidar.core.grid import Grid
from lidar.core.metrics import sane_heights
from lidar.core.points import GROUND, Points
from lidar.core.regression import fit_power, with_constant
from lidar.simulate.survey import Survey

Array = NDArray[np.float64]
Reader = Callable[[str], Points]
"""Reads a file of the shared LiDAR data, such as "forest/fm_class.laz"."""

ISPRS = ("11", "12", "31", "51", "52", "53", "54")
FORESTS = ("bcts_2", "bcts_4", "MixedEucaNat", "Topography", "fm_class")
Z90 = 1.645
_OVERLAP = 0.4


def isprs_kappa(points: Points) -> float:
    """Return Cohen's kappa of found against reference ground."""
    truth, found = points.classification == GROUND, ground.classify(points) == GROUND
    agreed = (truth == found).mean()
    by_chance = truth.mean() * found.mean() + (1 - truth.mean()) * (1 - found.mean())
    return float((agreed - by_chance) / (1 - by_chance))


def terrain_error(points: Points) -> tuple[float, float]:
    """Return RMSE and bias in metres where delivered ground is within 5 m."""
    grid = Grid.covering(points.box(), 1.0, points.crs)
    delivered = terrain.model(points, points.classification == GROUND, grid)
    ours = terrain.model(points, ground.find(points).is_terrain_point, grid)
    error = (ours.dtm_m - delivered.dtm_m)[~delivered.void].astype(np.float64)
    return float(np.sqrt(np.mean(error**2))), float(error.mean())


def crown_f1(shared_data: Path, read: Reader) -> dict[str, float]:
    """Return the F1 of crown boxes against those drawn in the field, for each IDTReeS site."""
    drawn = defaultdict(list)
    with (shared_data / "lidar/idtrees/crowns.csv").open() as file:
        for row in csv.DictReader(file):
            drawn[row["plot"]].append([float(row[k]) for k in ("xmin", "ymin", "xmax", "ymax")])
    counts: dict[str, Array] = defaultdict(lambda: np.zeros(3))
    for plot, boxes in drawn.items():
        found = _crown_boxes(read(f"idtrees/{plot}.laz"))
        counts[plot[:4]] += [_matches(np.array(boxes), found), len(boxes), len(found)]
    return {site: float(2 * n[0] / (n[1] + n[2])) for site, n in counts.items()}


def _crown_boxes(points: Points) -> Array:
    grid = Grid.covering(points.box(), 1.0, points.crs)
    model = terrain.model(points, points.classification == GROUND, grid)
    height = sane_heights(terrain.heights(points, model.dtm_m, grid), highest_m=50.0)
    grid = Grid.covering(points.box(), 0.5, points.crs)
    _, crown = trees.find(surface.fill_pits(surface.canopy(points, height, grid)), grid)
    return np.array(
        [
            [
                grid.left + cols.start * 0.5,
                grid.top - rows.stop * 0.5,
                grid.left + cols.stop * 0.5,
                grid.top - rows.start * 0.5,
            ]
            for rows, cols in ndimage.find_objects(crown + 1)
        ]
    )


def _matches(drawn: Array, found: Array) -> int:
    """Return the number of pairs of a drawn and a found box, best overlap first."""
    a, b = drawn[:, None], found[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = sides.clip(0).prod(-1)
    area = [(box[..., 2:] - box[..., :2]).prod(-1) for box in (a, b)]
    overlap = common / (area[0] + area[1] - common)
    n = 0
    while overlap.max() >= _OVERLAP:
        i, j = np.unravel_index(overlap.argmax(), overlap.shape)
        overlap[i], overlap[:, j] = 0.0, 0.0
        n += 1
    return n


def montmorency(shared_data: Path) -> tuple[float, float]:
    """Return leave-one-out RMSE and bias, in % of the mean, of plot volume at Montmorency.

    165 plots with trees over 2 m; the power law on 95th height percentile and cover.
    """
    with (shared_data / "lidar/aba/montmorency_plots_all.csv").open() as stream:
        rows = [r for r in csv.DictReader(stream) if float(r["zq95"]) > 2.0]
    table = np.array([[float(r[n]) for n in ("zq95", "pzabove2", "merch_vol_ha")] for r in rows])
    if len(table) != 165:
        raise SystemExit(f"montmorency: {len(table)} plots over 2 m, not the 165 of other figures")
    return _leave_one_out_pct(with_constant(np.log(table[:, :2])), table[:, 2])


def _leave_one_out_pct(design: Array, truth: Array) -> tuple[float, float]:
    predicted = np.empty(len(truth))
    for i in range(len(truth)):
        use = np.arange(len(truth)) != i
        predicted[i] = np.exp(design[i] @ fit_power(design[use], truth[use], np.ones(use.sum())))
    error = predicted - truth
    rmse, bias = np.sqrt(np.mean(error**2)), error.mean()
    return float(100 * rmse / truth.mean()), float(100 * bias / truth.mean())


@dataclass(frozen=True, slots=True)
class ZoneErrors:
    """Hardwood of the compartments of a simulated scene against its truth.

    Attributes
    ----------
    error_m3, standard_error_m3, truth_m3, area_ha : float64 arrays, shape (zone,)
    """

    error_m3: Array
    standard_error_m3: Array
    truth_m3: Array
    area_ha: Array

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Whose 90 % interval holds the truth."""
        return np.asarray(np.abs(self.error_m3) <= Z90 * self.standard_error_m3 + 1e-9)

    @property
    def scene_pct(self) -> float:
        """Error of the whole scene in % of its hardwood."""
        return float(100 * self.error_m3.sum() / self.truth_m3.sum())

    @property
    def rmse_pct(self) -> float:
        """RMSE of m3/ha over compartments, each counting once, in % of the scene's m3/ha."""
        rmse = np.sqrt(np.mean((self.error_m3 / self.area_ha) ** 2))
        return float(100 * rmse / (self.truth_m3.sum() / self.area_ha.sum()))


def zone_errors(survey: Survey) -> ZoneErrors:
    """Calibrate on the plots of a simulated survey and hold its compartments to the truth."""
    model = volume.fit(survey.plots)
    zones = totals.zone_totals(model, survey.cells, survey.zones, survey.grid.cols)
    return ZoneErrors(
        np.array([zone.hardwood_m3 for zone in zones]) - survey.hardwood_m3,
        np.array([zone.hardwood_se_m3 for zone in zones]),
        survey.hardwood_m3,
        survey.area_ha,
    )
