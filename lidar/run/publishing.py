"""Put finished products into a folder, so that nobody sees half of them as whole."""

from __future__ import annotations

from pathlib import Path

from lidar.run.result import MANIFEST


def publish(made: Path, out: Path) -> None:
    """Move products into place: the old manifest goes first, the new one comes last."""
    manifest = out / MANIFEST
    manifest.unlink(missing_ok=True)
    new = (made / MANIFEST).replace(made.with_suffix(".manifest"))
    put(made, out)
    new.replace(manifest)


def put(made: Path, out: Path) -> None:
    """Move the files of one folder into another, each at once."""
    for path in sorted(p for p in made.rglob("*") if p.is_file()):
        target = out / path.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
