"""`manage.py write_mapfile`: write the map server's files from the catalogue."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from forestgis.maps import mapserver


class Command(BaseCommand):
    """Write map file, font list and configuration; a running map server reads them at its next request."""

    help = "Write the map server's files from the layer catalogue."

    def handle(self, *args: object, **options: object) -> None:
        """Write the files under var/mapserver."""
        files = mapserver.installed()
        mapserver.write_files(files)
        self.stdout.write(f"{files.map}")
