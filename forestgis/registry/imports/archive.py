"""ZIP files as offices send them, unpacked without trust: cp932 names, no climbing, no bombs."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from forestgis.registry.domain.faults import Fault, RefusedError

_CHUNK = 1 << 20
#: What a register consists of; anything else in the ZIP stays there.
WANTED = frozenset(
    {".shp", ".shx", ".dbf", ".prj", ".cpg", ".xlsx", ".csv", ".gpkg", ".geojson", ".json"}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a ZIP may hold, counted while it is unpacked: its own figures may lie.

    Attributes
    ----------
    files : int
        Entries.
    total_bytes : int
        Unpacked size of all together.
    ratio : int
        Unpacked to packed size of one entry, looked at beyond `ratio_from_bytes`. Blank-padded
        tables compress some 40 times; a bomb does a thousand times.
    """

    files: int = 500
    total_bytes: int = 4 << 30
    ratio: int = 200
    ratio_from_bytes: int = 32 << 20


def unpacked(path: Path, into: Path, limits: Limits = Limits()) -> tuple[list[Path], list[Fault]]:
    """Unpack the files of a register.

    Parameters
    ----------
    path : Path
        The ZIP; names without the UTF-8 mark are cp932.
    into : Path
        Existing folder.

    Returns
    -------
    files : list of Path
        In the order of the ZIP, below `into`.
    faults : list of Fault
        `ignored_file` for what a register has no use for.

    Raises
    ------
    RefusedError
        If it is no ZIP, is damaged or encrypted, names a place outside, or is too large.
    """
    try:
        with zipfile.ZipFile(path, metadata_encoding="cp932") as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_names(path.name, entries, limits)
            wanted = [entry for entry in entries if _suffix(entry) in WANTED]
            files = _extract_all(archive, path.name, wanted, into, limits)
    except (
        zipfile.BadZipFile,
        UnicodeDecodeError,
        NotImplementedError,
        EOFError,
        OSError,
    ) as error:
        raise RefusedError([Fault("not_zip", path.name, detail=str(error))]) from error
    ignored = [
        Fault("ignored_file", path.name, value=entry.filename)
        for entry in entries
        if _suffix(entry) not in WANTED
    ]
    return files, ignored


def _suffix(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).suffix.lower()


def _check_names(file: str, entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.files:
        raise RefusedError([Fault("zip_bomb", file, value=str(len(entries)), detail="files")])
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        drive = ":" in parts.parts[0] if parts.parts else False
        if parts.is_absolute() or ".." in parts.parts or drive:
            raise RefusedError([Fault("climbing_path", file, value=entry.filename)])
        if entry.flag_bits & 0x1:
            raise RefusedError([Fault("zip_encrypted", file, value=entry.filename)])


def _extract_all(
    archive: zipfile.ZipFile,
    file: str,
    entries: list[zipfile.ZipInfo],
    into: Path,
    limits: Limits,
) -> list[Path]:
    """Write the entries as plain files, whatever their attributes say (links, devices)."""
    written = 0
    files = []
    for entry in entries:
        target = into.joinpath(*PurePosixPath(entry.filename.replace("\\", "/")).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        written += _extract(archive, file, entry, target, limits, limits.total_bytes - written)
        files.append(target)
    return files


def _extract(
    archive: zipfile.ZipFile,
    file: str,
    entry: zipfile.ZipInfo,
    target: Path,
    limits: Limits,
    room: int,
) -> int:
    size = 0
    with archive.open(entry) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            swollen = size > limits.ratio_from_bytes and size > limits.ratio * entry.compress_size
            if size > room or swollen:
                detail = f"> {size >> 20} MB"
                raise RefusedError([Fault("zip_bomb", file, value=entry.filename, detail=detail)])
            sink.write(chunk)
    return size
