"""Load the code tables of a register edition."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forestgis.registry import services
from forestgis.registry.operator import OPERATOR
from forestgis.tenancy.principal import acting_as


class Command(BaseCommand):
    """Load code tables."""

    help = "森林調査簿のコード表（樹種、林種、森林の種類）を年度ごとに取り込みます。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare edition and file."""
        parser.add_argument("--edition", type=int, required=True, metavar="YEAR", help="年度")
        parser.add_argument(
            "file", type=Path, nargs="?", metavar="FILE", help="CSV（省略すると同梱の2024年度）"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Load or renew the edition's codes."""
        try:
            with acting_as(OPERATOR):
                count = services.load_codes(options["edition"], options["file"])
        except (OSError, TypeError, UnicodeDecodeError) as error:
            raise CommandError(f"コード表を読めません：{error}") from error
        self.stdout.write(f"{options['edition']}年度のコード {count} 件を取り込みました。")
