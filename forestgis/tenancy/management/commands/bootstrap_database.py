"""Bring a PostgreSQL server from nothing, or from any earlier state, to what this version needs."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from forestgis import env
from forestgis.tenancy import bootstrap


class Command(BaseCommand):
    """Create roles, database and extensions, migrate, store the signing key. Safe to run again."""

    help = "Creates roles, database and extensions as superuser and applies the migrations."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--admin-url",
            default=env.value("ADMIN_DATABASE_URL"),
            help="a superuser's postgresql:// address; default: ADMIN_DATABASE_URL",
        )

    def handle(self, *, admin_url: str, verbosity: int, **options: object) -> None:
        """Do what is missing."""
        if not admin_url:
            raise CommandError(
                "ADMIN_DATABASE_URL is not set: give a superuser's postgresql:// address"
            )
        name = settings.DATABASES["default"]["NAME"]
        with bootstrap.admin_connection(admin_url) as server, bootstrap.one_at_a_time(server):
            bootstrap.ensure_roles(server, settings.DATABASES)
            new = bootstrap.ensure_database(server, name)
        with bootstrap.admin_connection(admin_url, name) as inside, bootstrap.one_at_a_time(inside):
            bootstrap.ensure_extensions(inside)
            migrated = bootstrap.migrate(verbosity)
        state = "created" if new else "migrated" if migrated else "up to date"
        self.stdout.write(f"Database {name}: {state}.")
