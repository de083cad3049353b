"""Volumes of zones (小班, forest plots, grid squares) with their standard errors.

A zone's volume is the sum over cells of the raster value, as float32 written to the file,
times the covered area: whoever adds up the raster gets the same number. Its standard error
adds what does not average out inside a zone (coefficients, share process) to what partly
does (residuals of cells with spatial correlation), as in model-based inference
(Stahl et al. 2016, doi:10.1186/s40663-016-0064-9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lidar.core.volume_model import GROUPS, CellVolumes, Expected, VolumeModel

Array = NDArray[np.float64]
ZoneCells = tuple[NDArray[np.intp], Array]

_MOST_CELLS = 300
"""Zones of more cells have the double sums of their variance taken over so many of them."""

_WHOLE = 0.999
_EDGE_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class ZoneTotal:
    """Volume of one zone.

    Attributes
    ----------
    hardwood_m3, hardwood_se_m3, conifer_m3, conifer_se_m3, total_m3, total_se_m3 : float
        Cubic metres and their standard errors.
    area_ha : float
        Area covered by cells, scanned or not.
    scanned_ha : float
        Area of cells with a value.
    hardwood_m3ha, hardwood_se_m3ha, conifer_m3ha, conifer_se_m3ha : float
        Per hectare of scanned area; nan where nothing was scanned.
    mean_height_m : float
        75th percentile of return heights, averaged over cells by area and cover: near the
        volume-weighted mean height of the trees. nan without trees.
    cover_pct : float
        Share of first returns over 2 m, averaged by area; nan where nothing was scanned.
    n_cells : int
        Cells touched, with a value.
    extrapolated_share : float
        Share of the scanned area in cells unlike any plot.
    calibrated : bool
    """

    hardwood_m3: float
    hardwood_se_m3: float
    conifer_m3: float
    conifer_se_m3: float
    total_m3: float
    total_se_m3: float
    area_ha: float
    scanned_ha: float
    hardwood_m3ha: float
    hardwood_se_m3ha: float
    conifer_m3ha: float
    conifer_se_m3ha: float
    mean_height_m: float
    cover_pct: float
    n_cells: int
    extrapolated_share: float
    calibrated: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers; nan as None, for JSON."""
        return {k: None if v != v else v for k, v in asdict(self).items()}


def zone_totals(
    model: VolumeModel,
    metrics: dict[str, Any],
    zone_cells: Sequence[ZoneCells],
    cols: int,
    cell_m: float = 20.0,
    volumes: CellVolumes | None = None,
) -> list[ZoneTotal]:
    """Return the volume of each zone.

    Parameters
    ----------
    model : VolumeModel
    metrics : dict of str to array, shape (n,)
        Cells of a raster, row by row.
    zone_cells : sequence of (index array, area array)
        Cells of each zone and the area of each inside the zone, square metres.
    cols : int
        Columns of the raster: cell i is at row ``i // cols``, column ``i % cols``.
    cell_m : float
        Edge of a cell, metres.
    volumes : CellVolumes, optional
        The values as written to the rasters; predicted from `metrics` when left out.
    """
    volumes = volumes or model.predict(metrics)
    expected = model.expected(metrics)
    with threadpool_limits(1):
        return [
            _zone(
                model, metrics, volumes, expected, (np.asarray(cells, np.intp), area), cols, cell_m
            )
            for cells, area in zone_cells
        ]


def _zone(
    model: VolumeModel,
    metrics: dict[str, Any],
    volumes: CellVolumes,
    expected: Expected,
    zone: ZoneCells,
    cols: int,
    cell_m: float,
) -> ZoneTotal:
    cells, area_m2 = zone
    area_ha = np.asarray(area_m2, np.float64) / 10_000
    hardwood = volumes.hardwood_m3ha[cells].astype(np.float64)
    conifer = volumes.conifer_m3ha[cells].astype(np.float64)
    seen = np.isfinite(hardwood)
    scanned = float(area_ha[seen].sum())
    hardwood_m3 = float((hardwood * area_ha)[seen].sum())
    conifer_m3 = float((conifer * area_ha)[seen].sum())
    errors = standard_errors(model, expected, cells[seen], area_ha[seen], cols, cell_m)
    height, cover = _canopy(metrics, cells[seen], area_ha[seen])
    unlike = float(area_ha[seen][volumes.extrapolated[cells[seen]]].sum())

    def per_ha(value: float) -> float:
        return value / scanned if scanned > 0 else float("nan")

    return ZoneTotal(
        hardwood_m3=hardwood_m3,
        hardwood_se_m3=errors["hardwood"],
        conifer_m3=conifer_m3,
        conifer_se_m3=errors["conifer"],
        total_m3=hardwood_m3 + conifer_m3,
        total_se_m3=errors["total"],
        area_ha=float(area_ha.sum()),
        scanned_ha=scanned,
        hardwood_m3ha=per_ha(hardwood_m3),
        hardwood_se_m3ha=per_ha(errors["hardwood"]),
        conifer_m3ha=per_ha(conifer_m3),
        conifer_se_m3ha=per_ha(errors["conifer"]),
        mean_height_m=height,
        cover_pct=cover,
        n_cells=int(seen.sum()),
        extrapolated_share=unlike / scanned if scanned > 0 else 0.0,
        calibrated=model.calibrated,
    )


def standard_errors(
    model: VolumeModel,
    expected: Expected,
    cells: NDArray[np.intp],
    area_ha: Array,
    cols: int,
    cell_m: float,
) -> dict[str, float]:
    """Return the standard error in m3 of the volume of each group over some cells."""
    if not cells.size:
        return dict.fromkeys(GROUPS, 0.0)
    sample, weight = _sample(cells, area_ha)
    every, own = expected.take(cells), expected.take(sample)
    places = np.column_stack([sample % cols, sample // cols]).astype(np.float64) * cell_m
    whole = area_ha >= _WHOLE * cell_m**2 / 10_000
    return {
        group: float(
            np.sqrt(
                _variance(model, every, area_ha, own, weight, places, group)
                + _edge_variance(every.of(group), area_ha, whole)
            )
        )
        for group in GROUPS
    }


def _variance(
    model: VolumeModel,
    every: Expected,
    area_ha: Array,
    own: Expected,
    weight: Array,
    places: Array,
    group: str,
) -> float:
    gradient = area_ha @ model.gradient(every, group)
    variance = float(gradient @ model.covariance @ gradient)
    if own.features is not None:
        for process, slope in model.process_slopes(own, group):
            variance += process.variance_of_sum(own.features, weight * slope)
    scatter = model.residuals.variance_of_sum(weight, own.total, own.share_of(group), places)
    return variance + scatter


def _edge_variance(volume_m3ha: Array, area_ha: Array, whole: NDArray[np.bool_]) -> float:
    """Return the variance from cells that a border cuts.

    A cut cell's volume is shared out by area, though it may stand on one side only. What its
    cells differ from the zone's inside tells how much; on simulated forests about
    half of that difference leaks over the border, and three quarters of it cover the spread.
    """
    if whole.all() or not whole.any():
        return 0.0
    inside = np.average(volume_m3ha[whole], weights=area_ha[whole])
    apart = float(((volume_m3ha - inside) * area_ha)[~whole].sum())
    return (_EDGE_SHARE * apart) ** 2


def _sample(cells: NDArray[np.intp], area_ha: Array) -> tuple[NDArray[np.intp], Array]:
    """Return evenly spread cells with weights that keep the area, all if not too many."""
    if cells.size <= _MOST_CELLS:
        return cells, area_ha
    pick = np.linspace(0, cells.size - 1, _MOST_CELLS).round().astype(np.intp)
    return cells[pick], area_ha[pick] * area_ha.sum() / area_ha[pick].sum()


def _canopy(
    metrics: dict[str, Any], cells: NDArray[np.intp], area_ha: Array
) -> tuple[float, float]:
    """Return mean height (m) and cover (%) of some cells."""
    if not cells.size:
        return float("nan"), float("nan")
    cover = np.nan_to_num(np.asarray(metrics["cover_first"])[cells].astype(np.float64))
    height = np.nan_to_num(np.asarray(metrics["h_p75"])[cells].astype(np.float64))
    weight = area_ha * cover
    mean = float((weight * height).sum() / weight.sum()) if weight.sum() > 0 else float("nan")
    return mean, 100 * float((area_ha * cover).sum() / area_ha.sum())
