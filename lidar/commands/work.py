"""Commands that compute: a run, its delivery, the comparison of two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lidar.commands.options import (
    EPSG,
    FILE,
    FOLDER,
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
    stand_density,
    told_errors,
)
from lidar.io.copc import write as write_copc
from lidar.io.las import Box, open_checked
from lidar.run import RunParams, RunResult, execute
from lidar.run.delivery import deliver as deliver_result
from lidar.run.epochs import compare as compare_results

RESULT = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(short_help="Rasters, mesh, trees and totals of a batch.")
@PATHS
@OUT
@click.option(
    "--compartments",
    type=FILE,
    help="GeoPackage, Shapefile or GeoJSON of polygons with KEYCODE.",
)
@click.option(
    "--municipalities",
    type=FILE,
    help="Polygons whose N03_007 (or key) is the code of five digits: for 県code, 市町村code.",
)
@click.option(
    "--plots",
    type=FILE,
    help="CSV: plot_id, x, y (or lon, lat), radius_m (or area_m2), hardwood_m3ha, conifer_m3ha.",
)
@click.option(
    "--stand-density",
    "density",
    type=FILE,
    help="CSV of density diagrams (group, b1 ... b4, k1, k2, source): for 収量比数.",
)
@WORKERS
@SCHEDULER
@EPSG
@SCAN_DATE
@GROUND
@SKIP_REFUSED
@SKIP_FAILED
def run(
    paths: tuple[Path, ...],
    out: Path,
    workers: int,
    scheduler: str | None,
    density: Path | None,
    compartments: Path | None,
    municipalities: Path | None,
    plots: Path | None,
    **settings: object,
) -> None:
    """Compute rasters, 20 m mesh and compartment totals of a batch into folder OUT.

    PATHS are LAS, LAZ or COPC files or folders of them. A run that was
    interrupted goes on where it stopped when started again.
    """
    with progress() as on_progress:
        params = RunParams(stand_density=stand_density(density), **settings)  # type: ignore[arg-type]
        result = execute(
            point_clouds(paths),
            out,
            compartments=compartments,
            municipalities=municipalities,
            plots=plots,
            params=params,
            workers=workers,
            scheduler=scheduler,
            on_progress=on_progress,
        )
    _print_result(Console(), result)


@click.command(short_help="The standard's files out of a run.")
@click.argument("result", type=RESULT)
@click.option("--out", required=True, type=FOLDER, help="Folder of the files.")
@click.option("--year", type=int, help="整備年 in the names; by default that of the scan.")
def deliver(result: Path, out: Path, year: int | None) -> None:
    """Write the vector products of folder RESULT as the files of the national standard.

    The run must have been given the municipalities.
    """
    with told_errors():
        for path in deliver_result(result, out, year):
            click.echo(path)


@click.command(short_help="Growth, fellings and carbon between two runs.")
@click.argument("before", type=RESULT)
@click.argument("after", type=RESULT)
@OUT
def compare(before: Path, after: Path, out: Path) -> None:
    """Compare two runs of one forest: growth, fellings, change of volume and carbon.

    BEFORE and AFTER are folders of finished runs, the earlier first.
    """
    with told_errors():
        report = compare_results(before, after, out)
    _print_change(Console(), report, out)


@click.command(short_help="A file for a viewer on the web.")
@PATHS
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--bounds", type=float, nargs=4, metavar="LEFT BOTTOM RIGHT TOP", help="Part to take, metres."
)
@EPSG
def copc(paths: tuple[Path, ...], out: Path, bounds: Box | None, epsg: int | None) -> None:
    """Write files, or a part of them, as one COPC that a viewer opens at any scale.

    Up to 40 million points; of more, take parts by their bounds.
    """
    with told_errors():
        files = [open_checked(path, crs_of(epsg)) for path in point_clouds(paths)]
        out.parent.mkdir(parents=True, exist_ok=True)
        count = write_copc(files, out, bounds)
    click.echo(f"{count:,} points in {out}")


def _print_change(console: Console, report: dict[str, Any], out: Path) -> None:
    table = Table("what", "number", "ha", "hardwood m3", "conifer m3")
    table.add_row("felled", str(report["fellings"]), f"{report['felled_ha']:.2f}", "", "")
    table.add_row("gaps", str(report["gaps"]), f"{report['gaps_ha']:.2f}", "", "")
    for name in ("lost", "change"):
        volumes = (f"{report[f'{group}_{name}_m3']:.1f}" for group in ("hardwood", "conifer"))
        table.add_row(name, "", "", *volumes)
    console.print(table)
    console.print(
        f"{report['years']} years, carbon dioxide {report['co2_change_t']:+.1f} t; results in {out}",
        markup=False,
        highlight=False,
    )


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
