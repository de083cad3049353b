"""The 20 m resource mesh (森林資源量集計メッシュ) with the fields of the national standard."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.core import mesh20m
from lidar.core.volume_model import CellVolumes
from lidar.io import crs as crs_io
from lidar.io.vector import Geometries, write_layer
from lidar.run.assembly import Cells

SPECIES_OF_STRATUM = {1: ("11", "その他Ｌ"), 2: ("07", "その他Ｎ"), 3: ("96", "針広混交林")}
SQUARE_M_OF_HA = 10_000.0

Columns = dict[str, NDArray[Any]]


def columns(
    cells: Cells,
    volumes: CellVolumes,
    hardwood_se_m3ha: NDArray[np.float32],
    *,
    calibrated: bool,
    scan_date: str | None,
    scan_method: str,
) -> tuple[Columns, Geometries]:
    """Return the fields and squares of the cells that hold returns.

    Fields named in Japanese are those of the standard, in its units and
    rounding; what cannot be known from above without a model of its own (平均直径,
    収量比数) is left out. The ones named in English are the engine's.
    """
    which = np.flatnonzero(cells.scanned)
    area_ha = cells.grid.cell_m**2 / SQUARE_M_OF_HA
    hardwood, conifer = volumes.hardwood_m3ha[which], volumes.conifer_m3ha[which]
    total = hardwood.astype(np.float64) + conifer
    stems = cells.stems[which]
    strata = volumes.stratum[which]
    table: Columns = {
        "JF20mID": _ids(cells)[which],
        "解析樹種ID": _species(strata, 0),
        "解析樹種": _species(strata, 1),
        "面積_ha": np.full(which.size, round(area_ha, 4)),
        "立木本数": stems.astype(np.int32),
        "立木密度": np.round(stems / area_ha).astype(np.int32),
        "平均樹高": np.round(cells.tree_height_m[which].astype(np.float64), 1),
        "合計材積": np.round(total * area_ha, 3),
        "ha材積": _whole(total),
        "森林計測年": _dates(scan_date, which.size),
        "森林計測法": np.full(which.size, scan_method, object),
        "平均傾斜": _whole(cells.slope_deg[0, which]),
        "最大傾斜": _whole(cells.slope_deg[1, which]),
        "最小傾斜": _whole(cells.slope_deg[2, which]),
        "hardwood_m3ha": hardwood,
        "hardwood_se_m3ha": hardwood_se_m3ha[which],
        "conifer_m3ha": conifer,
        "hardwood_share": volumes.hardwood_share[which],
        "stratum": strata.astype(np.int32),
        "cover_pct": np.round(cells.metrics["cover_first"][which].astype(np.float64) * 100, 1),
        "extrapolated": volumes.extrapolated[which].astype(np.int32),
        "calibrated": np.full(which.size, int(calibrated), np.int32),
    }
    return table, _squares(cells, which)


def write(path: Path, cells: Cells, table: Columns, squares: Geometries) -> None:
    """Write the mesh as GeoPackage."""
    write_layer(path, squares, table, cells.grid.crs, layer="fr_mesh20m")


def _ids(cells: Cells) -> NDArray[np.object_]:
    """Return identifiers, None outside Japan's plane rectangular zones."""
    zone = crs_io.plane_zone(cells.grid.crs)
    if zone is None:
        return np.full(cells.grid.size, None, object)
    return mesh20m.ids(cells.grid, zone).astype(object)


def _species(strata: NDArray[np.uint8], part: int) -> NDArray[np.object_]:
    named = {code: pair[part] for code, pair in SPECIES_OF_STRATUM.items()}
    return np.array([named.get(int(s)) for s in strata], dtype=object)


def _whole(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.round(values.astype(np.float64)), np.float64)


def _dates(scan_date: str | None, n: int) -> NDArray[Any]:
    day = None if scan_date is None else dt.date.fromisoformat(scan_date)
    return np.full(n, np.datetime64("NaT") if day is None else np.datetime64(day), "datetime64[D]")


def _squares(cells: Cells, which: NDArray[np.intp]) -> Geometries:
    rows, cols = np.divmod(which, cells.grid.cols)
    x, y = cells.grid.x_centres()[cols], cells.grid.y_centres()[rows]
    half = cells.grid.cell_m / 2
    return np.asarray(shapely.box(x - half, y - half, x + half, y + half), dtype=object)
