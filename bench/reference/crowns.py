"""Tree crowns against those drawn in two NEON forests (IDTReeS 2020).

A found crown counts when its bounding box overlaps a drawn one by 0.4 (intersection over
union), each drawn crown once. Not every tree of a plot was drawn, so precision is a lower
bound for every method alike.
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
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from lidar.core import surface, terrain, trees
from lidar.core.grid import Grid
from lidar.core.metrics import sane_heights
from lidar.core.points import GROUND, Points
from lidar.core.sampling import Raster

Array = NDArray[np.float64]
Reader = Callable[[str], Points]
"""Reads a file of the shared LiDAR data, such as "forest/fm_class.laz"."""
Method = Callable[[Raster, Grid], trees.Cells]
"""Gives the tree of each cell of a canopy height model, -1 for none."""

SITES = ("MLBS", "OSBS")
_CELL_M = 0.5
_OVERLAP = 0.4
_HIGHEST_M = 50.0
_BASELINE_HEIGHT_M = 2.0
BASELINE_WINDOWS = (1, 2, 3, 4, 5)
"""Half widths of the plain method's window, in cells of 0.5 m."""


@dataclass(frozen=True, slots=True)
class Score:
    """Matches of found and drawn crowns."""

    matched: int
    drawn: int
    found: int

    def __add__(self, other: Score) -> Score:
        return Score(
            self.matched + other.matched, self.drawn + other.drawn, self.found + other.found
        )

    @property
    def recall(self) -> float:
        """Share of the drawn crowns that were found."""
        return self.matched / self.drawn

    @property
    def precision(self) -> float:
        """Share of the found crowns that were drawn."""
        return self.matched / max(self.found, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of recall and precision."""
        return 2 * self.matched / (self.drawn + self.found)


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot: its canopy and the crowns drawn in it, boxes (n, 4) left, bottom, right, top."""

    site: str
    name: str
    chm_m: Raster
    grid: Grid
    drawn: Array


def plots(shared_data: Path, read: Reader) -> list[Plot]:
    """Return the plots of both sites, heights above the delivered ground."""
    drawn = defaultdict(list)
    with (shared_data / "lidar/idtrees/crowns.csv").open() as file:
        for row in csv.DictReader(file):
            drawn[row["plot"]].append([float(row[k]) for k in ("xmin", "ymin", "xmax", "ymax")])
    return [
        Plot(name[:4], name, *canopy(read(f"idtrees/{name}.laz")), np.array(boxes))
        for name, boxes in drawn.items()
    ]


def canopy(points: Points) -> tuple[Raster, Grid]:
    """Return the canopy height model of 0.5 m over the delivered ground."""
    height_m = heights(points)
    grid = Grid.covering(points.box(), _CELL_M, points.crs)
    return surface.fill_pits(surface.canopy(points, height_m, grid)), grid


def heights(points: Points) -> Raster:
    """Return the height of each point above the delivered ground."""
    grid = Grid.covering(points.box(), 1.0, points.crs)
    model = terrain.model(points, points.classification == GROUND, grid)
    return sane_heights(terrain.heights(points, model.dtm_m, grid), highest_m=_HIGHEST_M)


def ours(chm_m: Raster, grid: Grid) -> trees.Cells:
    """Find crowns with the engine's defaults."""
    return trees.find(chm_m, grid)[1]


def baseline(half_width: int) -> Method:
    """Return the plain method: maxima of a fixed window, watershed, both of scikit-image."""

    def crowns(chm_m: Raster, grid: Grid) -> trees.Cells:
        height = np.nan_to_num(chm_m)
        tops = peak_local_max(  # type: ignore[no-untyped-call]  # scikit-image has no types
            height,
            min_distance=half_width,
            threshold_abs=_BASELINE_HEIGHT_M,
            exclude_border=False,
        )
        markers = np.zeros(grid.shape, np.int32)
        markers[tuple(tops.T)] = np.arange(1, len(tops) + 1)
        return np.asarray(
            watershed(  # type: ignore[no-untyped-call]  # scikit-image has no types
                -height, markers, mask=height > _BASELINE_HEIGHT_M
            )
            - 1,
            np.int32,
        )

    return crowns


def count_trees(points: Points) -> int:
    """Return how many trees a cloud of heights above ground holds."""
    grid = Grid.covering(points.box(), _CELL_M, points.crs)
    height_m = sane_heights(points.z_m().astype(np.float32))
    return len(trees.find(surface.fill_pits(surface.canopy(points, height_m, grid)), grid)[0])


def scores(sample: list[Plot], method: Method) -> dict[str, Score]:
    """Return the score of a method on each site."""
    total = {site: Score(0, 0, 0) for site in SITES}
    for plot in sample:
        found = boxes(method(plot.chm_m, plot.grid), plot.grid)
        total[plot.site] += Score(matches(plot.drawn, found), len(plot.drawn), len(found))
    return total


def mean_f1(by_site: dict[str, Score]) -> float:
    """Return the mean of the sites' F1."""
    return float(np.mean([score.f1 for score in by_site.values()]))


def best_baseline(sample: list[Plot]) -> dict[str, Score]:
    """Return the plain method's score with the fixed window that suits these plots best."""
    return max((scores(sample, baseline(w)) for w in BASELINE_WINDOWS), key=mean_f1)


def boxes(crown: trees.Cells, grid: Grid) -> Array:
    """Return the bounding box of each tree, shape (n, 4): left, bottom, right, top."""
    found = [
        [
            grid.left + cols.start * grid.cell_m,
            grid.top - rows.stop * grid.cell_m,
            grid.left + cols.stop * grid.cell_m,
            grid.top - rows.start * grid.cell_m,
        ]
        for rows, cols in filter(None, ndimage.find_objects(crown + 1))
    ]
    return np.array(found, np.float64).reshape(-1, 4)


def overlaps(drawn: Array, found: Array) -> Array:
    """Return the intersection over union of each pair of boxes, shape (drawn, found)."""
    a, b = drawn[:, None], found[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = sides.clip(0).prod(-1)
    area = [(box[..., 2:] - box[..., :2]).prod(-1) for box in (a, b)]
    result: Array = common / (area[0] + area[1] - common)
    return result


def matches(drawn: Array, found: Array) -> int:
    """Return the number of pairs of a drawn and a found box, best overlap first."""
    overlap = overlaps(drawn, found)
    n = 0
    while overlap.size and overlap.max() >= _OVERLAP:
        i, j = np.unravel_index(overlap.argmax(), overlap.shape)
        overlap[i], overlap[:, j] = 0.0, 0.0
        n += 1
    return n
