"""Fill the register with fictitious 小班."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from forestgis.registry.operator import OPERATOR
from forestgis.registry.synthetic import load
from forestgis.registry.synthetic.partition import NoRoomError
from forestgis.tenancy.principal import acting_as

_TABLES = (
    "registry_compartment",
    "registry_subcompartment",
    "registry_stand",
    "registry_summary",
    "registry_edition",
)


class Command(BaseCommand):
    """Generate a fictitious register of any size."""

    help = (
        "架空の森林簿（林班・小班・林分）を作ります。性能の測定、試験、研修のためのもので、"
        "実在の森林の値ではありません。市町村を先に load_municipalities で取り込んでください。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how many and where."""
        parser.add_argument("--subcompartments", type=int, required=True, metavar="N")
        parser.add_argument(
            "--municipalities", nargs="+", default=(), metavar="CODE", help="省略するとすべて"
        )
        parser.add_argument("--edition", type=int, default=load.BASE_YEAR, metavar="YEAR")
        parser.add_argument("--seed", type=int, default=1, help="同じ数からは同じ森林簿ができます")
        parser.add_argument(
            "--mean-area-ha",
            type=float,
            help="小班の平均面積。省略すると4.5 ha、入りきらなければそれより小さく",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Generate, and let the planner know of the new rows."""
        with acting_as(OPERATOR):
            try:
                plans = load.plan(options["subcompartments"], options["municipalities"])
                stored = load.generate(
                    plans,
                    edition=options["edition"],
                    seed=options["seed"],
                    mean_area_ha=options["mean_area_ha"] or load.fitting_area_ha(plans),
                    on_progress=self._say if options["verbosity"] else None,
                )
            except (NoRoomError, ValueError) as error:
                raise CommandError(str(error)) from error
        _analyse()
        self.stdout.write(f"架空の小班 {stored} 件を作りました。")

    def _say(self, code: str, done: int, total: int) -> None:
        self.stderr.write(f"\r{done + 1}/{total} {code}", ending="")


def _analyse() -> None:
    """Renew statistics and visibility as the owner; without them the planner guesses."""
    with connections["migrator"].cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
