"""Write COPC: one LAZ file that a viewer on the web opens at any scale."""

from __future__ import annotations

import os
from pathlib import Path

import copclib
import numpy as np
from numpy.typing import NDArray

from lidar.core import octree
from lidar.core.grid import MM_PER_M
from lidar.core.octree import Octree
from lidar.core.points import Points
from lidar.errors import CopcError
from lidar.io import crs as crs_io
from lidar.io import las
from lidar.io.las import Box, LasFile
from lidar.io.records import DEGREES_PER_STEP

POINT_FORMAT = 6
STEP_M = 1.0 / MM_PER_M
MOST_POINTS = 40_000_000
CELLS = 1 << octree.CELLS_BITS
RECORD = np.dtype(
    [
        *(("x", "<i4"), ("y", "<i4"), ("z", "<i4"), ("intensity", "<u2"), ("returns", "u1")),
        *(("flags", "u1"), ("classification", "u1"), ("user", "u1"), ("scan_angle", "<i2")),
        *(("line_id", "<u2"), ("gps_time", "<f8")),
    ]
)


def write(files: list[LasFile], path: Path, bounds: Box | None = None) -> int:
    """Write the points of files of one coordinate system as COPC.

    Parameters
    ----------
    files : list of LasFile
    path : Path
        Usually ``<name>.copc.laz``; it appears when it is complete.
    bounds : (left, bottom, right, top), optional
        Part to take, metres.

    Returns
    -------
    int
        Points written: without withheld ones, in whole millimetres and metres.

    Raises
    ------
    CopcError
        If there are no points in it, more than fit into memory at once, or files of several
        coordinate systems.
    DecodeError
        If a file cannot be decoded.
    """
    points = _read(files, bounds)
    low = np.array([values.min() for values in _axes(points)], np.int64)
    edge = max(
        int(values.max()) - int(start) for values, start in zip(_axes(points), low, strict=True)
    )
    edge = -(-(edge + 1) // CELLS) * CELLS
    x, y, z = (v.astype(np.int64) - start for v, start in zip(_axes(points), low, strict=True))
    tree = octree.build(x, y, z, edge)
    making = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write_nodes(making, points, tree, low, edge)
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)
    return len(points)


def _read(files: list[LasFile], bounds: Box | None) -> Points:
    systems = {crs_io.label(file.source.crs) for file in files}
    if len(systems) > 1:
        raise CopcError(
            f"files are in {' and '.join(sorted(systems))}; write a COPC of each system"
        )
    origin = las.origin_of(files)
    parts, total = [], 0
    for file in files:
        for part in las.stream(file, origin, bounds):
            parts.append(part)
            total += len(part)
            if total > MOST_POINTS:
                raise CopcError(
                    f"more than {MOST_POINTS:,} points: name a smaller part by its bounds, or make "
                    "a file for each",
                    most=MOST_POINTS,
                )
    if not total:
        raise CopcError("no points there: nothing to write")
    return Points.concatenate(parts)


def _axes(points: Points) -> tuple[NDArray[np.int32], ...]:
    return points.x_mm, points.y_mm, points.z_mm


def _write_nodes(
    path: Path, points: Points, tree: Octree, low: NDArray[np.int64], edge: int
) -> None:
    writer = copclib.FileWriter(str(path), _config(points, low, edge))
    records = _records(points)
    for number, (level, x, y, z) in enumerate(tree.keys.tolist()):
        chosen = tree.order[tree.first[number] : tree.first[number + 1]]
        packed = records[chosen].view(np.int8)
        writer.AddNode(copclib.VoxelKey(level, x, y, z), copclib.VectorChar(packed))
    writer.Close()


def _config(points: Points, low: NDArray[np.int64], edge: int) -> copclib.CopcConfigWriter:
    origin = np.array(points.origin_m, np.float64)
    config = copclib.CopcConfigWriter(
        POINT_FORMAT,
        copclib.Vector3(STEP_M, STEP_M, STEP_M),
        copclib.Vector3(*origin),
        points.crs.to_wkt(version="WKT1_GDAL"),
    )
    highest = np.array([int(values.max()) for values in _axes(points)])
    header, info = config.las_header, config.copc_info
    header.min = copclib.Vector3(*(origin + low / MM_PER_M))
    header.max = copclib.Vector3(*(origin + highest / MM_PER_M))
    header.generating_software = "forestgis"
    header.points_by_return = _by_return(points)
    centre = origin + (low + edge / 2) / MM_PER_M
    info.center_x, info.center_y, info.center_z = centre
    info.halfsize = edge / 2 / MM_PER_M
    info.spacing = edge / CELLS / MM_PER_M
    return config


def _by_return(points: Points) -> list[int]:
    counts = np.bincount(points.return_number, minlength=16)[1:16]
    return [int(n) for n in counts]


def _records(points: Points) -> NDArray[np.void]:
    records = np.zeros(len(points), RECORD)
    for axis, values in zip("xyz", _axes(points), strict=True):
        records[axis] = values
    for name in ("intensity", "classification", "line_id"):
        records[name] = getattr(points, name)
    number = np.minimum(points.return_number, 15)
    records["returns"] = number | (np.minimum(points.return_count, 15) << 4)
    records["scan_angle"] = np.rint(points.scan_angle_deg / DEGREES_PER_STEP).astype(np.int16)
    if points.gps_time is not None:
        records["gps_time"] = points.gps_time
    return records
