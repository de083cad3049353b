"""The quality report of a run: figures, and notes that a reader must see."""

from __future__ import annotations

from typing import Any

import numpy as np

from lidar.core.survey_quality import SurveyQuality
from lidar.io.stac import Times
from lidar.io.vector import Zones
from lidar.run import survey_report
from lidar.run.assembly import Cells, TileTotals
from lidar.run.batch import Batch
from lidar.run.inspection import LOW_PULSE_DENSITY_M2
from lidar.run.volumes import Volumes

Note = dict[str, Any]
Report = dict[str, Any]


def survey(
    batch: Batch,
    cells: Cells,
    totals: TileTotals,
    measured: SurveyQuality,
    times: Times,
) -> Report:
    """Return what can be said of a batch without volumes, as JSON-able values."""
    pulses_m2 = np.nan_to_num(cells.metrics["n_first"][cells.scanned]) / cells.grid.cell_m**2
    figures = survey_report.figures(cells, measured, totals)
    return {
        "batch": batch.report.to_dict(),
        "ground_source": batch.ground,
        "scanned": {"first": times.first, "last": times.last, "source": times.source},
        "points": totals.points,
        "points_outside": batch.strays,
        "terrain_points": totals.terrain_points,
        "terrain_void_share": _share(totals.void_cells, totals.terrain_cells),
        "trees": totals.trees,
        "cells": int(cells.scanned.sum()),
        "pulse_density_m2": {
            name: round(float(np.percentile(pulses_m2, p)), 2)
            for name, p in (("p10", 10), ("median", 50), ("p90", 90))
        },
        "thin_cells_share": round(float((pulses_m2 < LOW_PULSE_DENSITY_M2).mean()), 4),
        "survey": figures,
        "checks": survey_report.checks(figures, times.last if times.known else None),
        "failed_tiles": totals.failed,
        "notes": _survey_notes(batch, times) + _gap_notes(cells, measured, totals.failed),
    }


def with_volumes(
    report: Report, cells: Cells, volumes: Volumes, zones: Zones, zones_left_out: int
) -> Report:
    """Return the report of a survey with what there is to say of its volumes."""
    return {
        **report,
        "extrapolated_cells_share": round(
            float(volumes.cells.extrapolated[cells.scanned].mean()), 4
        ),
        "calibrated": volumes.model.calibrated,
        "zones": len(zones) - zones_left_out,
        "zones_outside": zones_left_out,
        "zones_are_squares": zones.are_squares,
        "notes": _volume_notes(volumes, zones, zones_left_out) + report["notes"],
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _volume_notes(volumes: Volumes, zones: Zones, zones_left_out: int) -> list[Note]:
    notes = []
    if not volumes.model.calibrated:
        notes.append(
            _note("uncalibrated", "no field plots: volumes are uncalibrated, of general equations")
        )
    if zones.are_squares:
        notes.append(_note("squares", "no compartments were given: totals are of plain squares"))
    if zones_left_out:
        message = f"{zones_left_out} compartments lie outside the scan and are left out"
        notes.append(_note("zones_outside", message, zones=zones_left_out))
    return notes


def _survey_notes(batch: Batch, times: Times) -> list[Note]:
    notes = []
    if batch.ground == "normalised":
        notes.append(
            _note(
                "heights_normalised",
                "the point clouds hold heights above ground: the terrain is 0, slope and hillshade "
                "say nothing",
            )
        )
    if batch.strays:
        message = f"{batch.strays} points lie outside the bounds their files state and are left out"
        notes.append(_note("points_outside", message, points=batch.strays))
    if not times.known:
        notes.append(_note("no_scan_date", f"the day of the scan is not known ({times.source})"))
    refused = [f.name for f in batch.report.refused]
    if refused:
        message = f"{len(refused)} files were refused and are left out: {', '.join(refused)}"
        notes.append(_note("files_refused", message, files=refused))
    return notes


def _gap_notes(cells: Cells, measured: SurveyQuality, failed: dict[str, str]) -> list[Note]:
    notes = []
    if failed:
        message = f"{len(failed)} tiles could not be computed and are empty: {', '.join(failed)}"
        notes.append(_note("tiles_failed", message, tiles=failed))
    bare = (measured.cells[0] > 0) & ~cells.scanned
    if bare.any():
        message = (
            f"{int(bare.sum())} cells have returns but no terrain is known near: they have no heights "
            "and no volumes"
        )
        notes.append(_note("no_terrain", message, cells=int(bare.sum())))
    return notes


def _note(code: str, message: str, **fields: Any) -> Note:  # noqa: ANN401
    return {"code": code, "message": message, "fields": fields}
