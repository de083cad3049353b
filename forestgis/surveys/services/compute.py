"""Computing a run: the engine over the batch's files, on what the tables say of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.geos import Polygon
from django.db import transaction
from django.db.models import Max
from pyproj import CRS

from forestgis.registry.geometry import to_shapely
from forestgis.registry.models import GEOGRAPHIC_SRID, Subcompartment
from forestgis.surveys import files
from forestgis.surveys.errors import FilesChangedError
from forestgis.surveys.models import Batch, BatchFile, Plot, Run
from lidar.io.plots import PlotTable
from lidar.io.vector import Zones, read_zones, reprojected
from lidar.run import RunParams, RunResult, execute, load_result
from lidar.run.result import MANIFEST

OnProgress = Callable[[int, int, str, str], None]
_GEOGRAPHIC = CRS.from_epsg(GEOGRAPHIC_SRID)


def compute(
    run: Run,
    *,
    workers: int,
    on_progress: OnProgress | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> RunResult:
    """Compute a run's products, or take them up where an earlier attempt left them.

    Parameters
    ----------
    run : Run
        With its batch.
    workers : int
        Child processes of the engine.
    on_progress : callable (done, total, stage, message), optional
    should_cancel : callable returning bool, optional

    Raises
    ------
    FilesChangedError
        If a file is not the one that was registered.
    LidarError
        As the engine raises.
    """
    out_dir = files.run_dir(run.pk)
    if (out_dir / MANIFEST).is_file():
        return load_result(out_dir)
    paths, zones, plots = _inputs(run)
    result = execute(
        paths,
        out_dir,
        compartments=zones,
        plots=plots,
        params=_params(run),
        workers=workers,
        on_progress=on_progress,
        should_cancel=should_cancel,
    )
    _check_inputs(run, result)
    return result


def _inputs(run: Run) -> tuple[list[Path], Zones | None, PlotTable | None]:
    """Read from the tables, in one transaction, what the engine needs."""
    with transaction.atomic():
        batch = Batch.objects.get(pk=run.batch_id)
        paths = [Path(file.path) for file in BatchFile.objects.filter(batch=batch)]
        return paths, _zones(batch), _plots(batch)


def _params(run: Run) -> RunParams:
    return RunParams(**run.params)


def _check_inputs(run: Run, result: RunResult) -> None:
    """Hold what the engine read against the checksums taken at registration."""
    with transaction.atomic():
        registered = set(
            BatchFile.objects.filter(batch_id=run.batch_id).values_list("sha256", flat=True)
        )
    changed = [f["name"] for f in result.manifest["inputs"] if f["sha256"] not in registered]
    if changed:
        (result.out_dir / MANIFEST).unlink()
        raise FilesChangedError(files=", ".join(changed))


def _zones(batch: Batch) -> Zones | None:
    """Areas to total over: the batch's own file, else the register's 小班 under the scan."""
    if batch.compartments:
        return read_zones(batch.compartments)
    extent = _extent(batch)
    own = Subcompartment.objects.filter(municipality_id=batch.municipality_id)
    newest = own.aggregate(edition=Max("edition"))["edition"]
    if extent is None or newest is None:
        return None
    under = own.filter(edition=newest, geom__intersects=extent).order_by("keycode")
    found = list(under.select_related("summary"))
    if not found:
        return None
    geoms = np.array([to_shapely(sub.geom) for sub in found], dtype=object)
    return Zones(
        tuple(sub.keycode for sub in found),
        geoms,
        _GEOGRAPHIC,
        hardwood_share=np.array([_hardwood_share(sub) for sub in found]),
    )


def _hardwood_share(sub: Subcompartment) -> float:
    """Return the share of hardwood in the stock of a 小班; nan where no stock is stated."""
    summary = getattr(sub, "summary", None)
    if summary is None:
        return float("nan")
    broadleaf = max(summary.broadleaf_tenth_m3ha, 0)
    total = broadleaf + max(summary.conifer_tenth_m3ha, 0)
    return broadleaf / total if total else float("nan")


def _extent(batch: Batch) -> Polygon | None:
    """Rectangle of the batch in EPSG:6668; None where the files have no bounds."""
    bounds, crs = batch.report.get("bounds_m"), batch.report.get("crs")
    if not bounds or not crs:
        return None
    box = np.array([shapely.segmentize(shapely.box(*bounds), 1000.0)], dtype=object)
    (placed,) = reprojected(box, CRS.from_user_input(crs), _GEOGRAPHIC)
    extent = Polygon.from_bbox(placed.bounds)
    extent.srid = GEOGRAPHIC_SRID
    return extent


def _plots(batch: Batch) -> PlotTable | None:
    """Read the plots as they are stored, in degrees."""
    rows: list[Any] = list(Plot.objects.filter(batch=batch).order_by("plot_id"))
    if not rows:
        return None
    return PlotTable(
        ids=tuple(row.plot_id for row in rows),
        x_m=np.array([row.geom.x for row in rows]),
        y_m=np.array([row.geom.y for row in rows]),
        radius_m=np.array([float(row.radius_m) for row in rows]),
        hardwood_m3ha=np.array([float(row.hardwood_m3ha) for row in rows]),
        conifer_m3ha=np.array([float(row.conifer_m3ha) for row in rows]),
        crs=_GEOGRAPHIC,
    )
