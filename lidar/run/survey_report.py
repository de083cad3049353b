"""What the quality figures of a survey say, and whether they keep the thresholds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core.points import HIGH_NOISE, LOW_NOISE
from lidar.core.survey_quality import CELL_FIGURES, MICRO, SurveyQuality
from lidar.core.tables import read_table
from lidar.run.assembly import Cells, TileTotals
from lidar.run.params import MESH_M, TERRAIN_M

THRESHOLDS = "quality_thresholds.csv"
FINE_CELLS = round(MESH_M / TERRAIN_M) ** 2
HOLDS = {"at_least": np.greater_equal, "at_most": np.less_equal}

Figures = dict[str, Any]


def figures(cells: Cells, found: SurveyQuality, totals: TileTotals) -> Figures:
    """Return the figures of a survey as JSON-able values.

    Shares of empty cells are of the cells inside the scan only: those on its edge are
    empty for another reason. Differences between lines are a minus b in metres,
    intensity ratios a by b.
    """
    pulses_m2 = np.nan_to_num(cells.metrics["n_first"][cells.scanned]) / cells.grid.cell_m**2
    points_m2 = np.nan_to_num(cells.metrics["n_all"][cells.scanned]) / cells.grid.cell_m**2
    inside = _inside(cells)
    pairs = [_pair(row) for row in found.pairs]
    compared, squares = found.pairs[:, 2].sum(), found.pairs[:, 4].sum()
    points = int(found.classes.sum())
    return {
        "pulse_density_median": _rounded(np.median(pulses_m2), 2),
        "point_density_median": _rounded(np.median(points_m2), 2),
        "empty_share": _rounded(found.empty[inside].mean() / FINE_CELLS if inside.any() else 0, 4),
        "terrain_void_share": _rounded(totals.void_cells / max(totals.terrain_cells, 1), 4),
        "ground_share": _rounded(totals.terrain_points / max(totals.points, 1), 4),
        "overlap_share": _rounded((found.cells[0][cells.scanned] > 1).mean(), 4),
        "strip_difference_rmsd_m": (
            _rounded(np.sqrt(squares / compared) / 1000, 4) if compared else None
        ),
        "intensity_ratio_worst": max(
            (
                max(p["intensity_ratio"], 1 / p["intensity_ratio"])
                for p in pairs
                if p["intensity_ratio"]
            ),
            default=None,
        ),
        "scan_angle_max_deg": _rounded(found.cells[2].max(initial=0) / 100, 2),
        "noise_share": _rounded(found.classes[[LOW_NOISE, HIGH_NOISE]].sum() / max(points, 1), 5),
        "classes": {str(k): int(found.classes[k]) for k in np.flatnonzero(found.classes)},
        "lines": [_line(row) for row in found.lines],
        "line_pairs": pairs,
    }


def checks(measured: Figures, day: str | None) -> list[Figures]:
    """Return how the figures stand to the thresholds in force on the day of the scan.

    Parameters
    ----------
    measured : dict
        See `figures`.
    day : str or None
        ISO 8601; thresholds have a first and perhaps a last day. None takes those without
        a last day.

    Returns
    -------
    list of dict
        A threshold each, with ``value`` and ``kept``; both None where the survey does not
        tell, such as the difference between lines of a single line.
    """
    on = dt.date.max if day is None else dt.date.fromisoformat(day)
    return [_check(row, measured[row["key"]]) for row in read_table(THRESHOLDS) if _valid(row, on)]


def maps(cells: Cells, found: SurveyQuality) -> dict[str, NDArray[np.float32]]:
    """Return the maps of a survey on the 20 m mesh, float32, nan where nothing was scanned."""
    area = cells.grid.cell_m**2
    per_cell = dict(zip(CELL_FIGURES, found.cells.astype(np.float32), strict=True))
    difference = per_cell["height_difference_mm"]
    flat = {
        "pulse_density": cells.metrics["n_first"] / area,
        "empty": found.empty / np.float32(FINE_CELLS),
        "lines": per_cell["lines"],
        "strip_difference": np.where(difference < 0, np.nan, difference / 1000),
        "ground_density": per_cell["terrain_points"] / area,
        "scan_angle": per_cell["scan_angle_cdeg"] / 100,
    }
    return {
        name: np.where(cells.scanned, values, np.nan).astype(np.float32).reshape(cells.grid.shape)
        for name, values in flat.items()
    }


def _inside(cells: Cells) -> NDArray[np.bool_]:
    """Tell which cells are scanned with all their neighbours."""
    scanned = cells.scanned.reshape(cells.grid.shape)
    return np.asarray(ndimage.binary_erosion(scanned, np.ones((3, 3)), border_value=0)).ravel()


def _line(row: NDArray[np.int64]) -> Figures:
    line, points, first, intensity, angle = (int(v) for v in row)
    return {
        "line": line,
        "points": points,
        "first_returns": first,
        "intensity_mean": _rounded(intensity / first, 1) if first else None,
        "scan_angle_max_deg": angle / 100,
    }


def _pair(row: NDArray[np.int64]) -> Figures:
    a, b, cells, difference, squares, light_cells, log_ratio = (int(v) for v in row)
    return {
        "line_a": a,
        "line_b": b,
        "cells": cells,
        "difference_mean_m": _rounded(difference / cells / 1000, 4) if cells else None,
        "difference_rmsd_m": _rounded(np.sqrt(squares / cells) / 1000, 4) if cells else None,
        "intensity_cells": light_cells,
        "intensity_ratio": (
            _rounded(np.exp(log_ratio / light_cells / MICRO), 4) if light_cells else None
        ),
    }


def _valid(row: dict[str, str], on: dt.date) -> bool:
    last = row["valid_to"]
    return dt.date.fromisoformat(row["valid_from"]) <= on and (
        not last or on <= dt.date.fromisoformat(last)
    )


def _check(row: dict[str, str], value: float | None) -> Figures:
    limit = float(row["limit"])
    kept = None if value is None else bool(HOLDS[row["comparison"]](value, limit))
    named = {name: row[name] for name in ("key", "comparison", "unit", "title_ja", "title_en")}
    return {**named, "limit": limit, "value": value, "kept": kept, "source": row["source"]}


def _rounded(value: float, decimals: int) -> float:
    return round(float(value), decimals)
