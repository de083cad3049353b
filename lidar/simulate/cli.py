"""Command that makes a simulated scene: ``python -m lidar simulate OUT``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click
from rich.progress import Progress

from lidar.simulate.params import NOTICE, SceneParams, Season
from lidar.simulate.scene import make_scene

_DEFAULT = SceneParams()


@click.command(short_help="A made-up forest with its scan and truth.")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--width", "width_m", default=_DEFAULT.width_m, show_default=True, help="Metres.")
@click.option("--height", "height_m", default=_DEFAULT.height_m, show_default=True, help="Metres.")
@click.option("--seed", default=_DEFAULT.seed, show_default=True)
@click.option(
    "--pulses", "pulses_m2", default=_DEFAULT.pulses_m2, show_default=True, help="Per m2."
)
@click.option(
    "--dense-pulses",
    "dense_pulses_m2",
    default=_DEFAULT.dense_pulses_m2,
    show_default=True,
    help="Per m2, in the part flown twice.",
)
@click.option(
    "--season",
    type=click.Choice(["leaf_off", "leaf_on"]),
    default=_DEFAULT.season,
    show_default=True,
)
@click.option("--plots", default=_DEFAULT.plots, show_default=True)
@click.option(
    "--years-later",
    default=_DEFAULT.years_later,
    show_default=True,
    help="The forest of this seed so many years on, with fellings, scanned again.",
)
@click.option("--workers", default=_DEFAULT.workers, show_default=True)
def simulate(out: Path, season: str, **params: float) -> None:
    """Make a simulated forest, its register and an airborne scan of it in folder OUT.

    All of it is fictional data.
    """
    wanted = replace(_DEFAULT, season=cast("Season", season), **cast("dict[str, Any]", params))
    with Progress() as bar:
        task = bar.add_task(f"simulate ({NOTICE})", total=None)
        scene = make_scene(
            out,
            wanted,
            on_progress=lambda done, total, _stage, _message: bar.update(
                task, completed=done, total=total
            ),
        )
    click.echo(f"{len(scene.laz)} LAZ files, compartments, register, roads and plots in {out}")
