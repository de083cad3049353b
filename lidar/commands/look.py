"""Commands that look: at files, at the quality of a batch, at rasters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lidar.commands.options import (
    EPSG,
    FILE,
    GROUND,
    OUT,
    PATHS,
    SCAN_DATE,
    SCHEDULER,
    SKIP_FAILED,
    SKIP_REFUSED,
    WORKERS,
    crs_of,
    point_clouds,
    progress,
)
from lidar.io.faults import Fault
from lidar.io.raster_rules import check as check_raster_file
from lidar.run import BatchReport, RunParams, check
from lidar.run import inspect as inspect_batch
from lidar.run.result import QUALITY_PAGE

NOT_KEPT = 3


@click.command(short_help="What is in files, and what is wrong with them.")
@PATHS
@EPSG
@click.option("--expected-epsg", type=int, help="Refuse files in any other coordinate system.")
@click.option("--headers-only", is_flag=True, help="Do not decode points: fast, for large folders.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def inspect(
    paths: tuple[Path, ...],
    epsg: int | None,
    expected_epsg: int | None,
    headers_only: bool,
    as_json: bool,
) -> None:
    """Say what LAS, LAZ and COPC files (or folders of them) hold and what is wrong with them.

    Exits with 1 when no file can be used.
    """
    report = inspect_batch(
        point_clouds(paths),
        crs=crs_of(epsg),
        expected=crs_of(expected_epsg),
        decode=not headers_only,
    )
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
    else:
        _print_report(Console(), report)
    raise SystemExit(0 if report.used else 1)


@click.command(short_help="Check a delivery; a report with maps.")
@PATHS
@OUT
@WORKERS
@SCHEDULER
@EPSG
@SCAN_DATE
@GROUND
@SKIP_REFUSED
@SKIP_FAILED
@click.option("--strict", is_flag=True, help="Exit with 3 when a threshold is not kept.")
def quality(
    paths: tuple[Path, ...],
    out: Path,
    workers: int,
    scheduler: str | None,
    strict: bool,
    **settings: object,
) -> None:
    """Check every point of a delivery and write a report with maps into folder OUT.

    Density, gaps, agreement of flight lines, classes, noise, dates: OUT/quality.html to
    read, OUT/quality.json for programs. No volumes are computed.
    """
    params = RunParams(**settings)  # type: ignore[arg-type]
    with progress() as on_progress:
        report = check(
            point_clouds(paths),
            out,
            params=params,
            workers=workers,
            scheduler=scheduler,
            on_progress=on_progress,
        )
    console = Console()
    _print_checks(console, report)
    console.print(f"report in {out / QUALITY_PAGE}", markup=False, highlight=False)
    if strict and any(c["kept"] is False for c in report["checks"]):
        raise SystemExit(NOT_KEPT)


@click.command("check-raster", short_help="Rasters against the standard.")
@click.argument("rasters", nargs=-1, required=True, type=FILE)
def check_raster(rasters: tuple[Path, ...]) -> None:
    """Hold GeoTIFFs of heights against the rules of the national open-data standard.

    Exits with 3 when a rule is broken; recommendations not followed are only told.
    """
    console = Console()
    broken = False
    for path in rasters:
        faults = check_raster_file(path)
        broken |= any(fault.severity == "refuse" for fault in faults)
        _print_faults(console, faults)
        if not faults:
            console.print(f"{path.name}: keeps the rules", markup=False, highlight=False)
    raise SystemExit(NOT_KEPT if broken else 0)


def _print_report(console: Console, report: BatchReport) -> None:
    table = Table("file", "format", "points", "per m2", "crs", "scanned", "used")
    for file in report.files:
        seen = file.statistics
        table.add_row(
            file.name,
            f"{file.format or '?'} {file.version or ''}",
            f"{file.points:,}",
            "" if seen is None or seen.density_m2 is None else f"{seen.density_m2:.1f}",
            file.crs_label or "",
            "" if seen is None or seen.dates is None else seen.dates[0],
            "yes" if file.used else "no",
        )
    console.print(table)
    faults = [fault for file in report.files for fault in file.faults] + report.faults
    _print_faults(console, faults)


def _print_faults(console: Console, faults: list[Fault]) -> None:
    for fault in faults:
        colour = "red" if fault.severity == "refuse" else "yellow"
        console.print(f"[{colour}]{fault.severity}[/] {fault.code}: ", end="")
        console.print(fault.message, markup=False, highlight=False)


def _print_checks(console: Console, report: dict[str, Any]) -> None:
    table = Table("check", "value", "limit", "")
    words = {True: "[green]kept[/]", False: "[red]not kept[/]", None: "not known"}
    signs = {"at_least": ">=", "at_most": "<="}
    for found in report["checks"]:
        value = "-" if found["value"] is None else f"{found['value']:g}"
        limit = f"{signs[found['comparison']]} {found['limit']:g}"
        unit = "" if found["unit"] == "1" else found["unit"]
        title = f"{found['title_ja']} {found['title_en']}"
        table.add_row(title, f"{value} {unit}", limit, words[found["kept"]])
    console.print(table)
