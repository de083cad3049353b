"""Import 小班 and register rows of one edition."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forestgis.registry import services
from forestgis.registry.domain.faults import first_of_each
from forestgis.registry.domain.report import ImportReport
from forestgis.registry.imports import stands
from forestgis.registry.models import Municipality
from forestgis.registry.operator import OPERATOR
from forestgis.registry.selectors import municipality_by_code
from forestgis.tenancy.principal import acting_as

#: Of each kind.
_FAULTS_SHOWN = 20


class Command(BaseCommand):
    """Import a register, dry run first."""

    help = (
        "小班の図形と森林調査簿を取り込みます。--store を付けるまでは検査だけで、何も保存しません。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare files and municipality."""
        parser.add_argument(
            "file",
            type=Path,
            help="公開されたZIP（小班と調査簿）、または小班のGeoPackage・GeoJSON・シェープファイル",
        )
        parser.add_argument(
            "register", type=Path, nargs="?", help="調査簿（XLSX、CSV）。ZIPに入っていないとき"
        )
        parser.add_argument("--municipality", required=True, help="5桁の団体コード")
        parser.add_argument("--edition", type=int, required=True, metavar="YEAR", help="年度")
        parser.add_argument("--epsg", type=int, help="座標系が書かれていない図形のEPSG番号")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=HEADING",
            help="見出しが公開された名前と違う列。例：age=林齢（年）",
        )
        parser.add_argument("--store", action="store_true", help="検査に通ったら保存する")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Report, and store when asked and possible."""
        terms = services.Terms(
            epsg=options["epsg"],
            mapping=_mapping(options["column"]),
            dry_run=not options["store"],
            on_progress=self._say if options["verbosity"] > 1 else lambda *_: None,
        )
        with acting_as(OPERATOR):
            report = services.import_files(
                municipality=self._municipality(options["municipality"]),
                edition=options["edition"],
                path=options["file"],
                rows=options["register"],
                terms=terms,
            )
        self._write(report)
        if not report.acceptable:
            raise CommandError("直すべき箇所があるため、何も保存していません。")

    def _say(self, done: int, total: int, stage: str) -> None:
        self.stderr.write(f"{stage} {done}/{total}")

    def _municipality(self, code: str) -> Municipality:
        found = municipality_by_code(code)
        if found is None:
            raise CommandError(
                f"市町村 {code} がありません。先に load_municipalities を実行してください。"
            )
        return found

    def _write(self, report: ImportReport) -> None:
        self.stdout.write(
            f"小班 {report.polygons}（新規 {report.new}、変更 {report.changed}、"
            f"同じ {report.unchanged}、なくなる {report.removed}）、調査簿 {report.rows} 行"
        )
        shown = first_of_each(report.faults, _FAULTS_SHOWN)
        for fault in shown:
            self.stdout.write(f"[{fault.severity}] {fault}")
        if len(report.faults) > len(shown):
            self.stdout.write(f"ほか {len(report.faults) - len(shown)} 件")
        self.stdout.write("保存しました。" if report.stored else "検査だけで、保存していません。")


def _mapping(pairs: list[str]) -> dict[str, str]:
    """Read FIELD=HEADING."""
    mapping = {}
    for pair in pairs:
        name, _equals, heading = pair.partition("=")
        if name not in (*stands.FIELDS, "polygon_keycode") or not heading:
            raise CommandError(
                f"--column {pair}：{'、'.join(stands.FIELDS)} のどれかに見出しを付けます。"
            )
        mapping[name] = heading
    return mapping
