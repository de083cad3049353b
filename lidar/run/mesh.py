"""The 20 m resource mesh (森林資源量集計メッシュ) with the fields of the national standard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.core import mesh20m
from lidar.io import crs as crs_io
from lidar.io.vector import Geometries, write_layer
from lidar.run.assembly import Cells
from lidar.run.stands import SQUARE_M_OF_HA, Columns, Stands

LAYER = "fr_mesh20m"
STANDARD_FIELDS = (
    *("JF20mID", "解析樹種ID", "解析樹種", "樹種ID", "樹種", "面積_ha", "立木本数", "立木密度"),
    *("平均樹高", "平均直径", "合計材積", "ha材積", "収量比数", "相対幹距比", "森林計測年"),
    *("森林計測法", "県code", "市町村code", "形状比", "樹冠長率"),
    *("平均傾斜", "最大傾斜", "最小傾斜", "最頻傾斜"),
)
WHOLE_FIELDS = frozenset(
    ("立木本数", "立木密度", "ha材積", "樹冠長率", "平均傾斜", "最大傾斜", "最小傾斜", "最頻傾斜")
)


def columns(stands: Stands) -> tuple[Columns, Geometries]:
    """Return the fields and squares of the cells that hold returns.

    Fields named in Japanese are those of the standard, all of them, in its order, units
    and rounding. 樹種ID and 樹種 are the user's own codes and stay empty, as does 樹冠長率,
    which cannot be known from the canopy; 平均直径 and 形状比 follow from `lidar.core.stand`;
    収量比数 needs the density diagram of the user. Those named in English are the engine's.
    """
    cells, found = stands.cells, stands.volumes.cells
    which = np.flatnonzero(cells.scanned)
    area_ha = cells.grid.cell_m**2 / SQUARE_M_OF_HA
    hardwood, conifer = found.hardwood_m3ha[which], found.conifer_m3ha[which]
    total = hardwood.astype(np.float64) + conifer
    stems, figures = cells.stems[which], stands.figures
    slope = dict(zip(("mean", "max", "min", "mode"), cells.slope_deg[:, which], strict=True))
    table: Columns = {
        "JF20mID": _ids(cells)[which],
        **stands.species(which),
        "樹種ID": _empty(which.size, object),
        "樹種": _empty(which.size, object),
        "面積_ha": np.full(which.size, round(area_ha, 4)),
        "立木本数": stems.astype(np.int32),
        "立木密度": np.round(stems / area_ha).astype(np.int32),
        "平均樹高": _rounded(cells.tree_height_m[which], 1),
        "平均直径": _rounded(figures.dbh_cm[which], 1),
        "合計材積": _rounded(total * area_ha, 3),
        "ha材積": _whole(total),
        "収量比数": _rounded(figures.yield_index[which], 2),
        "相対幹距比": _rounded(figures.relative_spacing_pct[which], 1),
        **stands.survey(which),
        "形状比": _rounded(figures.form_ratio[which], 1),
        "樹冠長率": _whole(np.full(which.size, np.nan)),
        "平均傾斜": _whole(slope["mean"]),
        "最大傾斜": _whole(slope["max"]),
        "最小傾斜": _whole(slope["min"]),
        "最頻傾斜": _whole(slope["mode"]),
        "hardwood_m3ha": hardwood,
        "hardwood_se_m3ha": stands.volumes.hardwood_se_m3ha[which],
        "conifer_m3ha": conifer,
        "hardwood_share": found.hardwood_share[which],
        "stratum": found.stratum[which].astype(np.int32),
        "cover_pct": _rounded(cells.metrics["cover_first"][which] * 100, 1),
        "extrapolated": found.extrapolated[which].astype(np.int32),
        "calibrated": np.full(which.size, int(stands.volumes.model.calibrated), np.int32),
    }
    return table, _squares(cells, which)


def write(path: Path, stands: Stands) -> None:
    """Write the mesh as GeoPackage."""
    table, squares = columns(stands)
    write_layer(path, squares, table, stands.cells.grid.crs, layer=LAYER)


def _ids(cells: Cells) -> NDArray[np.object_]:
    """Return identifiers, None outside Japan's plane rectangular zones."""
    zone = crs_io.plane_zone(cells.grid.crs)
    if zone is None:
        return np.full(cells.grid.size, None, object)
    return mesh20m.ids(cells.grid, zone).astype(object)


def _empty(n: int, kind: Any) -> NDArray[Any]:  # noqa: ANN401
    return np.full(n, None, kind)


def _rounded(values: NDArray[Any], decimals: int) -> NDArray[np.float64]:
    return np.asarray(np.round(values.astype(np.float64), decimals), np.float64)


def _whole(values: NDArray[Any]) -> NDArray[np.object_ | np.integer]:
    """Return whole numbers, masked where there is none."""
    known = np.isfinite(values)
    whole = np.where(known, np.round(values), 0).astype(np.int32)
    return np.ma.masked_array(whole, mask=~known)


def _squares(cells: Cells, which: NDArray[np.intp]) -> Geometries:
    rows, cols = np.divmod(which, cells.grid.cols)
    x, y = cells.grid.x_centres()[cols], cells.grid.y_centres()[rows]
    half = cells.grid.cell_m / 2
    return np.asarray(shapely.box(x - half, y - half, x + half, y + half), dtype=object)
