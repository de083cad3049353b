"""`manage.py prepare_maps`: make the tables anew that are prepared for maps."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from forestgis.maps import services
from forestgis.registry.operator import OPERATOR
from forestgis.tenancy.principal import acting_as


class Command(BaseCommand):
    """Prepare all maps anew. Triggers keep them up; this is for after a restore that left triggers out."""

    help = "地図用に用意した表（林班・小班の現在の年度、縮小用の図形）を作り直します。"

    def handle(self, *args: object, **options: object) -> None:
        """Prepare one municipality after the other."""
        with acting_as(OPERATOR):
            for code in services.prepare_all():
                if options["verbosity"]:
                    self.stderr.write(f"\r{code}", ending="")
