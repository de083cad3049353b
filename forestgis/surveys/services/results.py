"""Storing what a run computed: all rows in one transaction, the same rows however often it is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import rasterio
import shapely
from django.contrib.gis import geos
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.warp import transform_bounds
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain.keycode import KeycodeError, parse
from forestgis.registry.geometry import to_geos
from forestgis.registry.imports.polygons import multipolygon
from forestgis.registry.models import GEOGRAPHIC_SRID, WEB_SRID
from forestgis.surveys import files
from forestgis.surveys.domain.figures import AREA_PLACES, figure, rounded
from forestgis.surveys.models import MeshCell, Product, Run, ZoneVolume
from lidar.io.vector import reprojected
from lidar.run import Mesh, RunResult, Zone

_BATCH = 2000
_UNITS = {
    "dtm": "m",
    "dsm": "m",
    "chm": "m",
    "slope": "deg",
    "hardwood_m3ha": "m3/ha",
    "conifer_m3ha": "m3/ha",
    "hardwood_se_m3ha": "m3/ha",
}
_VOLUMES = tuple(
    f"{group}_{kind}"
    for group in ("hardwood", "conifer")
    for kind in ("m3", "se_m3", "m3ha", "se_m3ha")
)
_Row = TypeVar("_Row")


def store_result(run: Run, result: RunResult) -> None:
    """Store zones, mesh cells and products of a run in place of whatever it had.

    Parameters
    ----------
    run : Run
        Whose rows they are; it becomes succeeded.
    result : RunResult
        Complete, in the run's own folder of the file store.
    """
    scanned_on = _scan_day(result)
    with transaction.atomic():
        # The lock makes a worker that was thought dead and its successor store one after the other.
        stored = Run.objects.select_for_update(of=("self",)).select_related("batch").get(pk=run.pk)
        for model in (ZoneVolume, MeshCell, Product):
            model.objects.filter(run=stored).delete()
        ZoneVolume.objects.bulk_create(
            [_zone(stored, zone, geom, scanned_on) for zone, geom in _placed(result)], _BATCH
        )
        for part in _parts(_cells(stored, result), _BATCH):
            MeshCell.objects.bulk_create(part)
        Product.objects.bulk_create(_products(stored, result))
        _finish(stored, result)


def _finish(run: Run, result: RunResult) -> None:
    run.state = Run.State.SUCCEEDED
    run.engine_version = result.manifest["engine"]
    run.params = result.manifest["params"]
    run.out_dir = files.relative_path(result.out_dir)
    run.calibrated = result.calibrated
    run.model = result.model
    run.summary = _summary(run, result)
    run.finished_at = timezone.now()
    run.save()


def _summary(run: Run, result: RunResult) -> dict[str, Any]:
    """Say of the run what readers of its published rows may know, without paths."""
    quality = result.quality
    kept = ("points", "trees", "cells", "zones", "zones_outside", "zones_are_squares")
    return {
        "simulated": run.batch.simulated,
        "batch_name": run.batch.name,
        "scanned": quality["scanned"],
        "pulse_density_m2": quality["pulse_density_m2"],
        "ground": quality["ground_source"],
        "notes": [note["code"] for note in quality["notes"]],
        "model": _merit(result.model),
        **{name: quality[name] for name in kept},
    }


def _merit(model: dict[str, Any]) -> dict[str, Any]:
    """Take number of plots, held-out error of hardwood volume on one plot, and method of a model."""
    quality = model["quality"]
    held_out = quality.get("leave_one_out", {}).get("hardwood", {})
    return {
        "n_plots": quality.get("n_plots"),
        "rmse_pct": held_out.get("rmse_pct"),
        "method": model["method"],
    }


def _scan_day(result: RunResult) -> date | None:
    """Last day of the scan; the day a file was written is none."""
    scanned = result.quality["scanned"]
    return parse_date(scanned["last"]) if scanned["source"] in ("gps", "stated") else None


def _placed(result: RunResult) -> Iterator[tuple[Zone, BaseGeometry]]:
    """Zones with their geometry in EPSG:6668."""
    geoms = shapely.from_wkb(shapely.to_wkb([zone.geometry for zone in result.zones]))
    placed = reprojected(geoms, result.crs, CRS.from_epsg(GEOGRAPHIC_SRID))
    return zip(result.zones, placed, strict=True)


def _zone(run: Run, zone: Zone, geom: BaseGeometry, scanned_on: date | None) -> ZoneVolume:
    totals = zone.totals
    return ZoneVolume(
        run=run,
        municipality_id=run.municipality_id,
        key=zone.key,
        label=_label(zone.key),
        geom=to_geos(multipolygon(geom)),
        area_ha=figure(totals["area_ha"], AREA_PLACES),
        scanned_ha=figure(totals["scanned_ha"], AREA_PLACES),
        mean_height_m=rounded(totals["mean_height_m"]),
        cover_pct=rounded(totals["cover_pct"]),
        extrapolated_pct=rounded(100 * totals["extrapolated_share"]),
        calibrated=bool(totals["calibrated"]),
        scanned_on=scanned_on,
        **{name: rounded(totals[name]) for name in _VOLUMES},
    )


def _label(key: str) -> str:
    """`林班-小班` of a KEYCODE; other keys as they are."""
    try:
        return parse(key).label
    except KeycodeError:
        return key


def _cells(run: Run, result: RunResult) -> Iterator[MeshCell]:
    mesh = result.mesh()
    squares = reprojected(mesh.geometries, result.crs, CRS.from_epsg(GEOGRAPHIC_SRID))
    for index in range(len(mesh)):
        yield _cell(run, mesh, index, squares[index])


def _cell(run: Run, mesh: Mesh, index: int, square: Polygon) -> MeshCell:
    columns = mesh.columns
    at = partial(_value, columns, index)
    return MeshCell(
        run=run,
        municipality_id=run.municipality_id,
        jf20mid=columns["JF20mID"][index] or "",
        geom=to_geos(square),
        hardwood_m3ha=figure(at("hardwood_m3ha")),
        hardwood_se_m3ha=rounded(at("hardwood_se_m3ha")),
        conifer_m3ha=figure(at("conifer_m3ha")),
        stratum=int(columns["stratum"][index]),
        mean_height_m=rounded(at("平均樹高")),
        cover_pct=rounded(at("cover_pct")),
        stems=int(columns["立木本数"][index]),
    )


def _value(columns: dict[str, NDArray[Any]], index: int, name: str) -> float:
    return float(columns[name][index])


def _parts(rows: Iterator[_Row], size: int) -> Iterator[list[_Row]]:
    """Cut a stream of rows into lists, so that a large mesh is never held as a whole."""
    while part := list(islice(rows, size)):
        yield part


def _products(run: Run, result: RunResult) -> list[Product]:
    return [_product(run, result, kind, path) for kind, path in sorted(result.rasters.items())]


def _product(run: Run, result: RunResult, kind: str, path: Path) -> Product:
    name = path.relative_to(result.out_dir).as_posix()
    return Product(
        run=run,
        municipality_id=run.municipality_id,
        kind=kind,
        path=files.relative_path(path),
        sha256=result.manifest["outputs"][name]["sha256"],
        epsg=result.crs.to_epsg(),
        unit=_UNITS.get(kind, ""),
        footprint_3857=_footprint(path),
    )


def _footprint(path: Path) -> geos.Polygon:
    """Extent of a raster in web Mercator, its edges followed by 21 points each."""
    with rasterio.open(path) as raster:
        bounds = transform_bounds(raster.crs, f"EPSG:{WEB_SRID}", *raster.bounds)
    footprint: geos.Polygon = to_geos(shapely.box(*bounds), WEB_SRID)
    return footprint
