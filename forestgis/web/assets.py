"""Where the built front end is: entry names to hashed files, from Vite's manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BUILD = Path(__file__).parent / "static" / "build"
MANIFEST = BUILD / "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """Files of one entry, as paths under STATIC_URL."""

    file: str
    preloads: tuple[str, ...]


def entry(source: str) -> Entry:
    """Return the built files of an entry of the front end.

    Parameters
    ----------
    source : str
        Path of the source inside `frontend/`, e.g. ``src/map/main.ts``.

    Raises
    ------
    ImproperlyConfigured
        If the front end was not built, or has no such entry.
    """
    manifest = _manifest(_modified_ns())
    try:
        chunk = manifest[source]
    except KeyError:
        raise ImproperlyConfigured(f"the front end has no entry {source} in {MANIFEST}") from None
    imports = tuple(f"build/{manifest[name]['file']}" for name in chunk.get("imports", ()))
    return Entry(file=f"build/{chunk['file']}", preloads=imports)


def _modified_ns() -> int:
    try:
        return MANIFEST.stat().st_mtime_ns
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"the front end is not built ({MANIFEST} is missing): run script/setup"
        ) from None


@lru_cache(maxsize=1)
def _manifest(_modified: int) -> dict[str, dict[str, list[str]]]:
    loaded: dict[str, dict[str, list[str]]] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return loaded
