"""Text files of offices: UTF-8 with or without BOM, or cp932."""

from __future__ import annotations

from pathlib import Path

from forestgis.registry.domain.faults import Fault, RefusedError


def decoded(path: Path) -> str:
    """Decode a file: UTF-8 first, since cp932 text is next to never valid UTF-8.

    Raises
    ------
    RefusedError
        If it is neither.
    """
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp932")
    except UnicodeDecodeError as error:
        raise RefusedError([Fault("encoding", path.name, detail=str(error))]) from error
