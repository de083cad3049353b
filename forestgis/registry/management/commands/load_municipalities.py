"""Load the 179 municipalities from 国土数値情報 行政区域."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forestgis.registry import services
from forestgis.registry.operator import OPERATOR
from forestgis.tenancy.principal import acting_as


class Command(BaseCommand):
    """Load municipalities with codes, zones and areas."""

    help = "N03のGeoJSONから道内179市町村の区域・団体コード・座標系を取り込みます。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file."""
        parser.add_argument("file", type=Path, metavar="FILE", help="N03 の GeoJSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Load or renew all of them."""
        try:
            with acting_as(OPERATOR):
                count = services.load_municipalities(options["file"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} 市町村を取り込みました。")
