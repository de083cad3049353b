"""Forget the database of this installation."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg2 import sql

from forestgis import env
from forestgis.tenancy import bootstrap


class Command(BaseCommand):
    """Drop the database with everything in it; the roles stay."""

    help = "Drops the database with everything in it. There is no way back."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, yes: bool, **options: object) -> None:
        """Ask, then drop."""
        name = settings.DATABASES["default"]["NAME"]
        if not yes and input(f"Type {name} to drop the database with everything in it: ") != name:
            raise CommandError("Nothing was dropped.")
        address = env.value("ADMIN_DATABASE_URL")
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with bootstrap.admin_connection(address) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
        self.stdout.write(f"Database {name}: dropped.")
