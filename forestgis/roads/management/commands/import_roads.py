"""Import the road ledger of a municipality."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.operator import OPERATOR
from forestgis.registry.selectors import municipality_by_code
from forestgis.roads import services
from forestgis.roads.models import Segment
from forestgis.tenancy.principal import acting_as


class Command(BaseCommand):
    """Import roads, dry run first."""

    help = "路網を取り込みます。--store を付けるまでは検査だけで、何も保存しません。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare file and municipality."""
        parser.add_argument("file", type=Path, help="GeoPackage、GeoJSON、シェープファイル")
        parser.add_argument("--municipality", required=True, help="5桁の団体コード")
        parser.add_argument("--sharing", choices=Sharing.values, default=Sharing.OWN)
        parser.add_argument("--shared-with", nargs="*", default=[], metavar="CODE")
        parser.add_argument(
            "--class",
            dest="mapping",
            action="append",
            default=[],
            metavar="語=区分",
            help="区分の読替え（例：作業道=strip_road）。繰り返し可",
        )
        parser.add_argument("--epsg", type=int, help="座標系が書かれていない図形のEPSG番号")
        parser.add_argument("--store", action="store_true", help="検査に通ったら保存する")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Report, and store when asked and possible."""
        with acting_as(OPERATOR):
            municipality = municipality_by_code(options["municipality"])
            if municipality is None:
                raise CommandError(f"市町村 {options['municipality']} がありません。")
            report = services.import_segments(
                municipality=municipality,
                path=options["file"],
                sharing=Sharing(options["sharing"]),
                shared_with=options["shared_with"],
                mapping=_mapping(options["mapping"]),
                epsg=options["epsg"],
                dry_run=not options["store"],
            )
        self.stdout.write(f"路線区間 {report.segments}（いまは {report.replaced}）")
        for fault in report.faults:
            self.stdout.write(f"[{fault.severity}] {fault}")
        if not report.acceptable:
            raise CommandError("直すべき箇所があるため、何も保存していません。")
        self.stdout.write("保存しました。" if report.stored else "検査だけで、保存していません。")


def _mapping(pairs: list[str]) -> dict[str, str]:
    """Take `語=区分` apart; only known classes are taken."""
    mapping = {}
    for pair in pairs:
        word, _equals, road_class = pair.partition("=")
        if road_class not in Segment.RoadClass.values:
            known = "、".join(Segment.RoadClass.values)
            raise CommandError(f"--class {pair}：語=区分 の形にしてください。区分は {known} です。")
        mapping[word] = road_class
    return mapping
