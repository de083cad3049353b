"""Where the files of runs are kept; tables hold paths relative to this store."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

from django.conf import settings

_CHUNK = 1 << 20


def store() -> Path:
    """Folder of all files (setting FORESTGIS_FILES)."""
    return Path(settings.FORESTGIS_FILES)


def run_dir(run_id: UUID) -> Path:
    """Folder that a run's outputs go to."""
    return store() / "runs" / str(run_id)


def stored_path(relative: str) -> Path:
    """Absolute path of a file named in a table."""
    return store() / relative


def relative_path(path: Path) -> str:
    """Name of a file of the store, as tables keep it.

    Raises
    ------
    ValueError
        If the file is outside the store.
    """
    return path.resolve().relative_to(store().resolve()).as_posix()


def sha256(path: Path) -> str:
    """Checksum of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
