"""Options that several commands share, the progress bar, and what an error looks like."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pyproj import CRS
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lidar.errors import LidarError
from lidar.run.conversion import FORMATS, LAS_SUFFIXES
from lidar.run.execution import OnProgress

PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, path_type=Path)
OUT = click.option("--out", required=True, type=FOLDER, help="Folder of the results.")
EPSG = click.option("--epsg", type=int, help="Coordinate system of files that state none.")
WORKERS = click.option("--workers", default=2, show_default=True, help="Child processes.")
SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    envvar="DASK_SCHEDULER_ADDRESS",
    help="Dask scheduler whose workers compute instead, such as tcp://10.0.0.5:8786.",
)
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
SKIP_FAILED = click.option(
    "--skip-failed-tiles", is_flag=True, help="Leave tiles empty that cannot be computed."
)


@contextmanager
def told_errors() -> Iterator[None]:
    """Let an error of the engine end the command with its words and exit code 1."""
    try:
        yield
    except LidarError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def progress() -> Iterator[OnProgress]:
    """Show a bar on standard error while work is done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with told_errors(), Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("inspect", total=None)

        def tell(done: int, total: int, stage: str, message: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{stage} {message}")

        yield tell


def point_clouds(paths: Iterable[Path]) -> list[Path]:
    """Return files as given, and for folders the point clouds in them and below."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                p for p in path.rglob("*") if p.suffix.lower() in (*LAS_SUFFIXES, *FORMATS)
            )
        else:
            found.append(path)
    if not found:
        raise click.ClickException("no LAS or LAZ files there")
    return found


def crs_of(epsg: int | None) -> CRS | None:
    """Return the coordinate system of an EPSG number, None for none."""
    return CRS.from_epsg(epsg) if epsg else None


def stand_density(path: Path | None) -> dict[str, dict[str, Any]] | None:
    """Return the rows of a table of density diagrams by their group: hardwood, conifer."""
    if path is None:
        return None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    wrong = [row.get("group") for row in rows if row.get("group") not in ("hardwood", "conifer")]
    if wrong or not rows:
        raise click.ClickException(
            f"{path.name}: needs the columns group (hardwood or conifer), b1, b2, b3, b4, k1, k2, "
            "source, and a row each"
        )
    return {row.pop("group"): row for row in rows}
