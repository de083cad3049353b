"""Command line of the engine: ``python -m lidar``."""

from __future__ import annotations

import click

from lidar.commands.look import check_raster, inspect, quality
from lidar.commands.work import compare, copc, deliver, run
from lidar.simulate.cli import simulate

HELP = """Turn airborne point clouds into terrain, canopy and hardwood volume.

\b
Usual order:
  inspect   what is in the files of a delivery, what is wrong with them
  quality   every point looked at: density, gaps, agreement of flight lines
  run       rasters, 20 m mesh, trees, compartment totals
  deliver   the files of the national standard out of a run
  compare   two runs of one forest: growth, fellings, carbon

Exit codes: 0 done, 1 refused or failed (the reason is printed), 2 wrong usage,
3 a threshold or rule is not kept.
"""


@click.group(help=HELP)
def main() -> None:
    """Gather the commands."""


for command in (inspect, quality, run, deliver, compare, check_raster, copc, simulate):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m lidar")
