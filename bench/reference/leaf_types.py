"""Broadleaf or conifer of the crowns drawn in two NEON forests (IDTReeS 2020)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.reference import crowns
from bench.reference.crowns import SITES, Reader
from lidar.core import intensity, leaf_type, metrics
from lidar.core.leaf_type import Confusion, Features
from lidar.core.points import Points
from lidar.core.sampling import Raster

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Crowns:
    """Drawn crowns of known type with their features, arrays of shape (n,)."""

    features: Features
    is_broadleaf: NDArray[np.bool_]
    plot: NDArray[np.str_]
    site: NDArray[np.str_]

    def take(self, which: NDArray[np.bool_]) -> Crowns:
        """Return some of the crowns."""
        return Crowns(
            {name: values[which] for name, values in self.features.items()},
            self.is_broadleaf[which],
            self.plot[which],
            self.site[which],
        )


def load(shared_data: Path, read: Reader) -> Crowns:
    """Return the crowns of both sites whose type is known."""
    with (shared_data / "lidar/idtrees/crowns.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["group"] in ("broadleaf", "conifer")]
    clouds = {plot: read(f"idtrees/{plot}.laz") for plot in {row["plot"] for row in rows}}
    heights = {plot: crowns.heights(points) for plot, points in clouds.items()}
    for site in SITES:
        own = [plot for plot in clouds if plot.startswith(site)]
        lines = intensity.merged(intensity.brightness(clouds[p], heights[p]) for p in own)
        clouds |= {plot: intensity.normalised(clouds[plot], lines) for plot in own}
    found = [_features(clouds[r["plot"]], heights[r["plot"]], _box(r)) for r in rows]
    return Crowns(
        {name: np.concatenate([f[name] for f in found]) for name in leaf_type.FEATURES},
        np.array([row["group"] == "broadleaf" for row in rows]),
        np.array([row["plot"] for row in rows]),
        np.array([row["plot"][:4] for row in rows]),
    )


def _box(row: dict[str, str]) -> Box:
    left, bottom, right, top = (float(row[k]) for k in ("xmin", "ymin", "xmax", "ymax"))
    return left, bottom, right, top


def _features(points: Points, height_m: Raster, box: Box) -> Features:
    left, bottom, right, top = box
    x, y = points.x_m(), points.y_m()
    inside = (x >= left) & (x < right) & (y >= bottom) & (y < top)
    label = np.where(inside, 0, -1).astype(np.int32)
    chm_m, grid = crowns.canopy(points)
    in_box = (np.abs(grid.x_centres() - (left + right) / 2) < (right - left) / 2)[None] & (
        np.abs(grid.y_centres() - (bottom + top) / 2) < (top - bottom) / 2
    )[:, None]
    crown = np.where(in_box, 0, -1).astype(np.int32)
    return {
        **leaf_type.return_features(metrics.by_label(points, height_m, label, 1)),
        **leaf_type.shape_features(chm_m, crown, grid.cell_m, 1),
    }


def within_site(sample: Crowns) -> dict[str, Confusion]:
    """Return the confusion on each site by models of its other plots."""
    result = {}
    for site in SITES:
        own = sample.take(sample.site == site)
        held_out = leaf_type.held_out_probability(own.features, own.is_broadleaf, own.plot)
        result[site] = Confusion.of(own.is_broadleaf, held_out >= 0.5)
    return result


def other_site(sample: Crowns) -> dict[str, Confusion]:
    """Return the confusion on each site by a model of the other one."""
    result = {}
    for site in SITES:
        own, other = sample.take(sample.site == site), sample.take(sample.site != site)
        model = leaf_type.train(other.features, other.is_broadleaf, other.plot)
        said = model.probability(own.features) >= 0.5
        result[site] = Confusion.of(own.is_broadleaf, said)
    return result


def accuracy(by_site: dict[str, Confusion]) -> float:
    """Return the mean of the sites' overall accuracies."""
    return float(np.mean([confusion.accuracy for confusion in by_site.values()]))
