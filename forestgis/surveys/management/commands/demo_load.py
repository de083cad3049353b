"""Load the demonstration's organisations, people, register and roads."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from forestgis.registry.domain.faults import RefusedError
from forestgis.registry.operator import OPERATOR
from forestgis.surveys import demo
from forestgis.tenancy.principal import acting_as

_N03 = "municipalities/hokkaido_n03_2021_1pct.geojson"
_ONLY_OWNER_READS = 0o600


class Command(BaseCommand):
    """Load the demonstration."""

    help = "架空データの森林（lidar simulate の出力）を滝上町に取り込み、ログインを作ります。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the scene and where the logins go."""
        parser.add_argument("scene", type=Path, metavar="SCENE_DIR")
        parser.add_argument(
            "--logins",
            type=Path,
            metavar="FILE",
            help="ログインを書くファイル。すでにあれば、パスワードを変えずに終わります。",
        )
        parser.add_argument("--boundaries", type=Path, metavar="FILE", help="N03 の GeoJSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Load once: a second call with the same logins file leaves everything as it is."""
        logins: Path | None = options["logins"]
        if logins is not None and logins.is_file() and _loaded():
            self.stdout.write("すでに取り込んであります。")
            return
        try:
            with acting_as(OPERATOR):
                people = demo.load(options["scene"], options["boundaries"] or _shipped_boundaries())
        except (OSError, ValueError, RefusedError) as error:
            raise CommandError(str(error)) from error
        text = "\n".join(str(login) for login in people) + "\n"
        if logins is None:
            self.stdout.write(text)
        else:
            _write_privately(logins, text)


def _loaded() -> bool:
    """Whether the people of the demonstration are there (the database may have been dropped)."""
    with acting_as(OPERATOR):
        return demo.is_loaded()


def _shipped_boundaries() -> Path | None:
    """Boundaries beside the checkout, if the machine has them."""
    folder = os.environ.get("FORESTGIS_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data"
    path = Path(folder) / _N03
    return path if path.is_file() else None


def _write_privately(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=_ONLY_OWNER_READS)
    path.chmod(_ONLY_OWNER_READS)
    path.write_text(text, "utf-8")
