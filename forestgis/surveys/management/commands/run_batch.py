"""Register a batch of point clouds, run it, publish it, and show how far it is."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from forestgis.registry.domain.sharing import published_sharing
from forestgis.registry.operator import OPERATOR
from forestgis.registry.selectors import municipality_by_code
from forestgis.surveys import selectors, services
from forestgis.surveys.errors import SurveyError
from forestgis.surveys.models import Batch, Run
from forestgis.tenancy.principal import acting_as

_POLL_S = 0.5
_NO_WORKER_AFTER_S = 60


class Command(BaseCommand):
    """Run a batch."""

    help = "点群を登録して材積を計算し、公開します。計算はワーカーが行います。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare files and what to do with them."""
        parser.add_argument("files", nargs="+", type=Path, help="点群ファイル、またはそのフォルダ")
        parser.add_argument("--municipality", required=True, help="5桁の団体コード")
        parser.add_argument("--name", required=True, help="一覧に出る名前")
        parser.add_argument(
            "--compartments", type=Path, help="集計区域（省略すると登録済みの小班）"
        )
        parser.add_argument("--plots", type=Path, help="標準地のCSV（省略すると未校正）")
        parser.add_argument("--simulated", action="store_true", help="架空データの印を付ける")
        parser.add_argument("--epsg", type=int, help="座標系が書かれていない点群のEPSG番号")
        parser.add_argument(
            "--captured", nargs=2, type=date.fromisoformat, metavar=("FROM", "TO"), help="計測日"
        )
        parser.add_argument(
            "--skip-refused", action="store_true", help="使えないファイルを除いて進む"
        )
        parser.add_argument(
            "--publish", metavar="SHARING", choices=list(dict(published_sharing())), help="公開範囲"
        )
        parser.add_argument("--shared-with", nargs="*", default=[], metavar="CODE")
        parser.add_argument("--wait", action="store_true", help="終わるまで進み具合を表示する")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Register, start, and wait if asked."""
        try:
            with acting_as(OPERATOR):
                run = services.start_run(
                    batch=self._register(options),
                    sharing=options["publish"],
                    shared_with=options["shared_with"],
                )
                self.stdout.write(f"解析 {run.pk} を始めます。")
                if options["wait"]:
                    self._wait(run.pk)
        except SurveyError as error:
            raise CommandError(str(error)) from error

    def _register(self, options: dict[str, Any]) -> Batch:
        municipality = municipality_by_code(options["municipality"])
        if municipality is None:
            raise CommandError(f"市町村 {options['municipality']} がありません。")
        batch = services.register_batch(
            municipality=municipality,
            name=options["name"],
            files=options["files"],
            plots=options["plots"],
            compartments=options["compartments"],
            simulated=options["simulated"],
            captured=tuple(options["captured"]) if options["captured"] else None,
            epsg=options["epsg"],
            skip_refused=options["skip_refused"],
        )
        self.stdout.write(f"点群を登録しました：{batch.name}（EPSG:{batch.epsg}）")
        return batch

    def _wait(self, run_id: UUID) -> None:
        """Show the job's progress until it has ended; an interrupt leaves it running."""
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            console=Console(),
        ) as bar:
            run = _follow(run_id, bar, bar.add_task("待機中", total=1))
        if run.current_state != Run.State.SUCCEEDED:
            raise CommandError(f"{run.current_state.label}：{run.job.error if run.job else ''}")
        self._write_outcome(run)

    def _write_outcome(self, run: Run) -> None:
        calibrated = "校正済み" if run.calibrated else "未校正"
        self.stdout.write(f"完了：{run.summary['zones']} 区域、{calibrated}")
        reason = (run.job.result or {}).get("not_published") if run.job else None
        if reason:
            raise CommandError(f"公開できませんでした：{reason}")


def _follow(run_id: UUID, bar: Progress, task: TaskID) -> Run:
    """Poll the run until it has settled."""
    began = time.monotonic()
    while True:
        with transaction.atomic():
            run = selectors.run(run_id)
        if run is None or run.job is None:
            raise CommandError("解析が見つかりません。")
        job = run.job
        if job.finished:
            bar.update(task, completed=job.progress_total, total=job.progress_total or 1)
            return run
        waited = time.monotonic() - began
        if job.state == job.State.QUEUED and waited > _NO_WORKER_AFTER_S:
            bar.update(task, description="ワーカーが動いていません（script/services start）")
        else:
            bar.update(
                task,
                description=run.stage or str(run.current_state.label),
                completed=job.progress_done,
                total=job.progress_total or 1,
            )
        time.sleep(_POLL_S)
