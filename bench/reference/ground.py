"""Ground and terrain: the ISPRS filter test, and ground that vendors delivered."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import laspy
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from lidar.core import ground, terrain
from lidar.core.grid import Grid
from lidar.core.points import GROUND, Points
from lidar.errors import PdalMissingError
from lidar.io import pdal

Mask = NDArray[np.bool_]

ISPRS = ("11", "12", "31", "51", "52", "53", "54")
FORESTS = ("bcts_2", "bcts_4", "MixedEucaNat", "Topography", "fm_class")
_PARTS = 10
_BLOCK_M = 5.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Found against reference ground: Cohen's kappa and total error, both in %."""

    kappa_pct: float
    total_error_pct: float

    @classmethod
    def of(cls, truth: Mask, found: Mask) -> Agreement:
        """Compare two masks of ground."""
        agreed = float((truth == found).mean())
        by_chance = truth.mean() * found.mean() + (1 - truth.mean()) * (1 - found.mean())
        return cls(float(100 * (agreed - by_chance) / (1 - by_chance)), 100 * (1 - agreed))


def isprs(points: Points) -> Agreement:
    """Judge our filter on a sample whose class 2 is the reference."""
    return Agreement.of(points.classification == GROUND, ground.classify(points) == GROUND)


def isprs_by_pdal(sample: Path) -> Agreement | None:
    """Judge PDAL's SMRF as it comes on a sample; None where PDAL is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "smrf.las"
        stages: list[pdal.Stage] = [str(sample), {"type": "filters.smrf"}, str(out)]
        try:
            pdal.run(stages)
        except PdalMissingError:
            return None
        truth, found = (laspy.read(p).classification == GROUND for p in (sample, out))
    return Agreement.of(np.asarray(truth), np.asarray(found))


def terrain_error(points: Points) -> tuple[float, float]:
    """Return RMSE and bias in metres where delivered ground is within 5 m."""
    grid = Grid.covering(points.box(), 1.0, points.crs)
    delivered = terrain.model(points, points.classification == GROUND, grid)
    ours = terrain.model(points, ground.find(points).is_terrain_point, grid)
    error = (ours.dtm_m - delivered.dtm_m)[~delivered.void].astype(np.float64)
    return float(np.sqrt(np.mean(error**2))), float(error.mean())


def interpolation_ratio(points: Points) -> float:
    """Return our RMSE over a TIN's on delivered ground left out in blocks of 5 m.

    Blocks are dealt into ten parts, each left out in turn; only points inside the TIN
    count.
    """
    delivered = points.take(points.classification == GROUND)
    blocks = delivered.cells(Grid.covering(delivered.box(), _BLOCK_M, delivered.crs))
    part = np.random.default_rng(6).integers(0, _PARTS, blocks.max() + 1)[blocks]
    grid = Grid.covering(points.box(), 1.0, points.crs)
    squares = [
        _held_out_squares(delivered.take(part != k), delivered.take(part == k), grid)
        for k in range(_PARTS)
    ]
    ours, by_tin = np.sum(squares, axis=0)
    return float(np.sqrt(ours / by_tin))


def _held_out_squares(kept: Points, left_out: Points, grid: Grid) -> tuple[float, float]:
    """Return the sums of squared errors of our terrain model and of a TIN."""
    found = terrain.model(kept, np.ones(len(kept), np.bool_), grid)
    ours = terrain.heights(left_out, found.dtm_m, grid).astype(np.float64)
    # Small numbers: qhull loses precision on national coordinates.
    shift = np.array([grid.left, grid.top])
    tin = LinearNDInterpolator(np.c_[kept.x_m(), kept.y_m()] - shift, kept.z_m())
    by_tin = tin(np.c_[left_out.x_m(), left_out.y_m()] - shift) - left_out.z_m()
    inside = ~np.isnan(by_tin) & ~np.isnan(ours)
    return float((ours[inside] ** 2).sum()), float((by_tin[inside] ** 2).sum())
