"""Which of the files that came in is what: 小班, 林班, 調査簿."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports.archive import unpacked

_VECTOR = frozenset({".shp", ".gpkg", ".geojson", ".json"})
_TABLE = frozenset({".xlsx", ".csv"})
_SIDECARS = (".shx", ".dbf", ".prj")


@dataclass(frozen=True, slots=True)
class Package:
    """The files of one register.

    Attributes
    ----------
    polygons : Path
        小班.
    rows : Path or None
        調査簿 as XLSX or CSV; None where the polygons carry the register's columns themselves.
    """

    polygons: Path
    rows: Path | None
    faults: list[Fault] = field(default_factory=list)


def opened(path: Path, into: Path, *, rows: Path | None = None, epsg: int | None = None) -> Package:
    """Find out what a file that a user brought holds.

    Parameters
    ----------
    path : Path
        ZIP as published, or one vector file.
    into : Path
        Folder to unpack into.
    rows : Path, optional
        調査簿 that came beside it.
    epsg : int, optional
        CRS that the user states: a shapefile may then lack its .prj.

    Raises
    ------
    RefusedError
        If the ZIP cannot be used (`archive.unpacked`), holds no 小班, or a shapefile lacks a part.
    """
    if path.suffix.lower() in _VECTOR:
        faults: list[Fault] = []
        sidecars = [path.with_suffix(suffix) for suffix in (*_SIDECARS, ".cpg")]
        files = [path, *(file for file in sidecars if file.exists())]
    else:
        files, faults = unpacked(path, into)
    polygons = _one(files, _VECTOR, "小班", path.name, but="林班")
    if polygons is None:
        there = "、".join(sorted(file.name for file in files)) or "―"
        raise RefusedError([Fault("no_polygons", path.name, detail=there)])
    _check_parts(polygons, files, epsg)
    return Package(polygons, rows or _one(files, _TABLE, "調査簿", path.name), faults)


def _one(
    files: list[Path], suffixes: frozenset[str], word: str, package: str, but: str = ""
) -> Path | None:
    """Return the file of these kinds: the only one, or the only one that the word names."""
    found = sorted({file for file in files if file.suffix.lower() in suffixes})
    if but and len(found) > 1:
        found = [file for file in found if but not in file.stem or word in file.stem]
    if len(found) > 1:
        found = [file for file in found if word in file.stem] or found
    if len(found) > 1:
        names = "、".join(file.name for file in found)
        raise RefusedError([Fault("ambiguous_file", package, value=names)])
    return found[0] if found else None


def _check_parts(polygons: Path, files: list[Path], epsg: int | None) -> None:
    if polygons.suffix.lower() != ".shp":
        return
    there = {file.suffix.lower() for file in files if file.stem == polygons.stem}
    missing = [
        Fault("missing_part", polygons.name, value=suffix)
        for suffix in _SIDECARS
        if suffix not in there and not (suffix == ".prj" and epsg)
    ]
    if missing:
        raise RefusedError(missing)
