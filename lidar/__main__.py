"""Command line of the engine: ``python -m lidar``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pyproj import CRS
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lidar.errors import LidarError
from lidar.run import BatchReport, RunParams, RunResult, check, execute
from lidar.run import inspect as inspect_batch
from lidar.run.execution import OnProgress
from lidar.run.result import QUALITY_PAGE
from lidar.simulate.cli import simulate

SUFFIXES = (".las", ".laz")
PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
EPSG = click.option("--epsg", type=int, help="Coordinate system of files that state none.")
OUT = click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
WORKERS = click.option("--workers", default=2, show_default=True, help="Child processes.")
SCAN_DATE = click.option(
    "--scan-date", help="Day of the scan, YYYY-MM-DD, where the files do not tell."
)
GROUND = click.option(
    "--ground",
    type=click.Choice(["auto", "delivered", "found"]),
    default="auto",
    show_default=True,
    help="Take the delivered class 2, or find ground from the points.",
)
SKIP_REFUSED = click.option(
    "--skip-refused", is_flag=True, help="Go on without files that are refused."
)


@click.group()
def main() -> None:
    """Turn airborne point clouds into terrain, canopy and hardwood volume."""


@main.command()
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
    """Say what LAS, LAZ and COPC files (or folders of them) hold and what is wrong with them."""
    report = inspect_batch(
        point_clouds(paths), crs=_crs(epsg), expected=_crs(expected_epsg), decode=not headers_only
    )
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
    else:
        _print_report(Console(), report)
    raise SystemExit(0 if report.used else 1)


@main.command()
@PATHS
@OUT
@click.option(
    "--compartments",
    type=click.Path(exists=True, path_type=Path),
    help="GeoPackage, Shapefile or GeoJSON of polygons with KEYCODE.",
)
@click.option(
    "--plots",
    type=click.Path(exists=True, path_type=Path),
    help="CSV: plot_id, x, y (or lon, lat), radius_m (or area_m2), hardwood_m3ha, conifer_m3ha.",
)
@WORKERS
@EPSG
@SCAN_DATE
@GROUND
@SKIP_REFUSED
def run(
    paths: tuple[Path, ...],
    out: Path,
    compartments: Path | None,
    plots: Path | None,
    workers: int,
    **settings: object,
) -> None:
    """Compute rasters, 20 m mesh and compartment totals of a batch into folder OUT.

    PATHS are LAS, LAZ or COPC files or folders of them. A run that was
    interrupted goes on where it stopped when started again.
    """
    params = RunParams(**settings)  # type: ignore[arg-type]
    with _progress() as on_progress:
        result = execute(
            point_clouds(paths),
            out,
            compartments=compartments,
            plots=plots,
            params=params,
            workers=workers,
            on_progress=on_progress,
        )
    _print_result(Console(), result)


@main.command()
@PATHS
@OUT
@WORKERS
@EPSG
@SCAN_DATE
@GROUND
@SKIP_REFUSED
@click.option("--strict", is_flag=True, help="Exit with 2 when a threshold is not kept.")
def quality(
    paths: tuple[Path, ...], out: Path, workers: int, strict: bool, **settings: object
) -> None:
    """Check every point of a delivery and write a report with maps into folder OUT.

    Density, gaps, agreement of flight lines, classes, noise, dates: OUT/quality.html to
    read, OUT/quality.json for programs. No volumes are computed.
    """
    params = RunParams(**settings)  # type: ignore[arg-type]
    with _progress() as on_progress:
        report = check(
            point_clouds(paths), out, params=params, workers=workers, on_progress=on_progress
        )
    console = Console()
    _print_checks(console, report)
    console.print(f"report in {out / QUALITY_PAGE}", markup=False, highlight=False)
    if strict and any(c["kept"] is False for c in report["checks"]):
        raise SystemExit(2)


main.add_command(simulate)


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Show a bar while work is done; an error of the engine ends the command with its words."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("inspect", total=None)

            def tell(done: int, total: int, stage: str, message: str) -> None:
                bar.update(task, completed=done, total=total, description=f"{stage} {message}")

            yield tell
    except LidarError as error:
        raise click.ClickException(str(error)) from error


def point_clouds(paths: Iterable[Path]) -> list[Path]:
    """Return files as given, and for folders the LAS and LAZ files in them and below."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
        else:
            found.append(path)
    if not found:
        raise click.ClickException("no LAS or LAZ files there")
    return found


def _crs(epsg: int | None) -> CRS | None:
    return CRS.from_epsg(epsg) if epsg else None


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


def _print_result(console: Console, result: RunResult) -> None:
    table = Table("zone", "ha", "hardwood m3", "± se", "m3/ha", "conifer m3", "± se")
    for zone in result.zones:
        t = zone.totals
        table.add_row(
            zone.key,
            f"{t['scanned_ha']:.2f}",
            f"{t['hardwood_m3']:.1f}",
            f"{t['hardwood_se_m3']:.1f}",
            f"{t['hardwood_m3ha']:.1f}",
            f"{t['conifer_m3']:.1f}",
            f"{t['conifer_se_m3']:.1f}",
        )
    console.print(table)
    for note in result.quality["notes"]:
        console.print(f"[yellow]note[/] {note['code']}: ", end="")
        console.print(note["message"], markup=False, highlight=False)
    console.print(
        f"{'calibrated' if result.calibrated else 'UNCALIBRATED'}; results in {result.out_dir}"
    )


if __name__ == "__main__":
    main(prog_name="python -m lidar")
