"""Look for ways past row-level security in the database as it is."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from forestgis.tenancy.leaks import CHECKS, find_leaks


class Command(BaseCommand):
    """Say what is wrong, or that nothing is."""

    help = "Checks that every table, view and role of the database keeps to row-level security."

    def handle(self, **options: object) -> None:
        """Check, and fail if there is a hole."""
        with connection.cursor() as cursor:
            leaks = find_leaks(cursor)
        if leaks:
            raise CommandError("\n".join(leaks))
        self.stdout.write(f"Row-level security: {len(CHECKS)} checks passed.")
