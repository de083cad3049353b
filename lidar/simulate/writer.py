"""Write a simulated scene: LAZ 1.4, GeoPackage, CSV, npz."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import laspy
import numpy as np
import pyogrio
import pyproj
import shapely

from lidar.simulate.params import NOTICE
from lidar.simulate.scan import Records
from lidar.simulate.species import SPECIES
from lidar.simulate.trees import Trees

_SCALE_M = 0.01
_ANGLE_UNIT_DEG = 0.006
_DRIVER = "forestgis lidar.simulate"


def write_laz(path: Path, records: Records, line: int, epsg: int) -> None:
    """Write one tile as LAZ 1.4, point format 6, with its CRS as WKT."""
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.add_crs(pyproj.CRS.from_epsg(epsg), keep_compatibility=False)
    header.global_encoding.gps_time_type = laspy.header.GpsTimeType.STANDARD
    header.system_identifier = "SIMULATED (fictional data)"
    header.generating_software = _DRIVER
    # A fixed day: the same scene must give the same bytes.
    header.creation_date = date(2025, 12, 1)
    header.file_source_id = line
    header.scales = np.full(3, _SCALE_M)
    header.offsets = np.floor([records.x_m.min(), records.y_m.min(), 0.0])
    points = laspy.ScaleAwarePointRecord.zeros(records.x_m.size, header=header)
    for name, values, offset in zip(
        "XYZ", (records.x_m, records.y_m, records.z_m), header.offsets, strict=True
    ):
        points[name] = np.rint((values - offset) / _SCALE_M).astype(np.int32)
    points["intensity"] = records.intensity
    points["return_number"] = records.return_number
    points["number_of_returns"] = records.return_count
    points["classification"] = records.classification
    points["scan_angle"] = np.rint(records.scan_angle_deg / _ANGLE_UNIT_DEG).astype(np.int16)
    points["point_source_id"] = np.full(records.x_m.size, line, np.uint16)
    points["gps_time"] = records.gps_time_s
    with laspy.open(path, "w", header=header, laz_backend=laspy.LazBackend.Lazrs) as writer:
        writer.write_points(points)


def write_layer(
    path: Path,
    geometries: Sequence[shapely.Geometry],
    columns: Mapping[str, Sequence[object]],
    epsg: int,
    geometry_type: str,
) -> None:
    """Write one GeoPackage layer named after the file, each row marked as invented data."""
    fields = {**columns, "備考": [NOTICE] * len(geometries)}
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2025-12-01T00:00:00.000Z"})
    try:
        pyogrio.raw.write(
            path,
            geometry=np.array(shapely.to_wkb(np.array(geometries, dtype=object))),
            field_data=[_column(values) for values in fields.values()],
            fields=np.array(list(fields), dtype=object),
            layer=path.stem,
            driver="GPKG",
            geometry_type=geometry_type,
            crs=f"EPSG:{epsg}",
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _column(values: Sequence[object]) -> np.ndarray:
    array = np.array(values)
    return array.astype(object) if array.dtype.kind == "U" or not array.size else array


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, object]],
    encoding: str = "utf-8",
) -> None:
    """Write rows as CSV under these columns; no rows give the heading alone."""
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.DictWriter(stream, fieldnames=columns, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def write_trees(path: Path, trees: Trees) -> None:
    """Write every tree, the truth of the scene, with the species names."""
    names = np.array([s.name for s in SPECIES])
    np.savez_compressed(path, species_names=names, notice=np.array(NOTICE), **asdict(trees))
