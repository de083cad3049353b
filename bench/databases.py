"""A database of a fictitious register of any size, on the project's own server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.conf import settings

from bench.measure import shared_data

_ADDRESSES = (
    "DATABASE_URL",
    "MIGRATOR_DATABASE_URL",
    "WORKER_DATABASE_URL",
    "MAP_DATABASE_URL",
    "MAP_PREFECTURE_DATABASE_URL",
)


def use_register(subcompartments: int, *, mean_area_ha: float | None = None) -> str:
    """Set Django up on a database that holds so many 小班, and return the database's name.

    It is made at the first call and kept: repeated measurements find it. After a change of
    migrations that already ran, drop it (``dropdb`` as superuser) to have it made again.

    Parameters
    ----------
    subcompartments : int
    mean_area_ha : float, optional
        See `manage.py generate_register`; part of the database's name.

    Raises
    ------
    SystemExit
        If there is no superuser's address or no file of municipalities.
    """
    size = f"_{mean_area_ha:g}ha".replace(".", "") if mean_area_ha else ""
    name = f"forestgis_bench_{subcompartments}{size}"
    _connect(name)
    _bring_up_to_date()
    _fill(subcompartments, mean_area_ha)
    return name


def _connect(name: str) -> None:
    """Point every alias, here and in child processes, to the database."""
    from forestgis import env

    if not env.value("ADMIN_DATABASE_URL"):
        raise SystemExit("ADMIN_DATABASE_URL is not set: run script/setup")
    for variable in _ADDRESSES:
        os.environ[variable] = f"{env.value(variable).rpartition('/')[0]}/{name}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forestgis.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()


def _bring_up_to_date() -> None:
    from django.core.management import call_command

    call_command("bootstrap_database", verbosity=0, stdout=sys.stderr)


def _fill(subcompartments: int, mean_area_ha: float | None) -> None:
    from django.core.management import call_command

    from forestgis.registry.models import Subcompartment
    from forestgis.registry.operator import OPERATOR
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(OPERATOR):
        if Subcompartment.objects.count() == subcompartments:
            return
    call_command("load_municipalities", _municipalities(), stdout=sys.stderr)
    call_command("load_codes", edition=2024, stdout=sys.stderr)
    call_command(
        "generate_register",
        subcompartments=subcompartments,
        mean_area_ha=mean_area_ha,
        stdout=sys.stderr,
    )


def _municipalities() -> Path:
    return next((shared_data() / "municipalities").glob("*.geojson"))


def admin_address() -> str:
    """Return the superuser's address of the database in use: row-level security does not hold it."""
    from forestgis import env

    database = settings.DATABASES["default"]["NAME"]
    return f"{env.value('ADMIN_DATABASE_URL').rpartition('/')[0]}/{database}"
