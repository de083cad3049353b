"""Smooth random fields and bilinear lookup on a regular raster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """A raster whose row 0 is the **south** edge: node (0, 0) at (west_m, south_m)."""

    west_m: float
    south_m: float
    step_m: float
    rows: int
    cols: int

    @classmethod
    def around(
        cls, bounds: tuple[float, float, float, float], step_m: float, margin_m: float = 0.0
    ) -> Frame:
        """Cover bounds (left, bottom, right, top) and a margin with nodes every `step_m`."""
        left, bottom, right, top = bounds
        cols = int(np.ceil((right - left + 2 * margin_m) / step_m)) + 1
        rows = int(np.ceil((top - bottom + 2 * margin_m) / step_m)) + 1
        return cls(left - margin_m, bottom - margin_m, step_m, rows, cols)

    def nodes(self) -> tuple[Array, Array]:
        """Return x and y of every node, each of shape (rows, cols), metres."""
        x = self.west_m + self.step_m * np.arange(self.cols)
        y = self.south_m + self.step_m * np.arange(self.rows)
        xx, yy = np.meshgrid(x, y)
        return xx, yy

    def sample(self, values: Array, x_m: Array, y_m: Array) -> Array:
        """Return bilinear values at positions; the edge value outside."""
        place = [(y_m - self.south_m) / self.step_m, (x_m - self.west_m) / self.step_m]
        result: Array = map_coordinates(values, place, order=1, mode="nearest")
        return result

    def nearest(self, x_m: Array, y_m: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return row and column of the nearest node, clipped to the raster."""
        row = np.rint((y_m - self.south_m) / self.step_m).astype(np.intp)
        col = np.rint((x_m - self.west_m) / self.step_m).astype(np.intp)
        return np.clip(row, 0, self.rows - 1), np.clip(col, 0, self.cols - 1)


def random_field(rng: np.random.Generator, frame: Frame, length_m: float) -> Array:
    """Return a stationary Gaussian field of mean 0, SD 1 and about this correlation length.

    White noise smoothed by a Gaussian of `length_m` / 2; shape (rows, cols).
    """
    noise = rng.standard_normal((frame.rows, frame.cols))
    sigma = max(length_m / 2 / frame.step_m, 0.3)
    smooth = gaussian_filter(noise, sigma, mode="wrap")
    # The analytic SD, not the sample's: a small scene keeps its own mean and spread.
    return np.asarray(smooth * (2 * np.sqrt(np.pi) * sigma), np.float64)
