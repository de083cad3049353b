"""Point clouds of other formats as LAS, by PDAL, before a run looks at them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lidar.io import pdal

FORMATS = (".ply", ".pcd", ".bpf", ".pts", ".e57")
LAS_SUFFIXES = (".las", ".laz")
STEP_M = 0.001


def as_las(files: Iterable[Path], folder: Path, epsg: int | None) -> list[Path]:
    """Return files that the engine reads, those of other formats converted.

    Parameters
    ----------
    files : iterable of Path
    folder : Path
        Where converted files go; those of an earlier start are taken up again.
    epsg : int or None
        Coordinate system written into converted files: most of these formats carry none.

    Returns
    -------
    list of Path
        In the order given. A converted file is named ``<name>.las``.

    Raises
    ------
    PdalMissingError
        If a file needs PDAL, or a reader of it, that is not installed.
    PdalPipelineError
        If PDAL cannot read a file.
    """
    return [
        _converted(path, folder, epsg) if path.suffix.lower() in FORMATS else path for path in files
    ]


def _converted(path: Path, folder: Path, epsg: int | None) -> Path:
    target = folder / f"{path.name}.las"
    if target.exists() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    making = target.with_suffix(f".{os.getpid()}.las")
    pdal.run([str(path), _writer(making, epsg)])
    making.replace(target)
    return target


def _writer(path: Path, epsg: int | None) -> dict[str, object]:
    """Return a writer of LAS 1.4 in millimetres, the same bytes on any day."""
    return {
        "type": "writers.las",
        "filename": str(path),
        "minor_version": 4,
        "dataformat_id": 6,
        **{f"scale_{axis}": STEP_M for axis in "xyz"},
        **{f"offset_{axis}": "auto" for axis in "xyz"},
        "creation_doy": 1,
        "creation_year": 2000,
        "software_id": "forestgis, through PDAL",
        **({"a_srs": f"EPSG:{epsg}"} if epsg else {}),
    }
