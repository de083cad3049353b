"""Accuracy of the engine against simulated truth and published reference data.

Simulated forests (three seeds of the default scene at 1.5 pulses a square metre, each
in leaf-off and leaf-on season): hardwood volume of 小班 against the trees that stand there.
Real data: ground of the ISPRS filter test, terrain against delivered ground, crowns drawn in
the field, and plot volume at Montmorency left out one by one.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np

from bench import reference
from bench.measure import say, shared_data
from lidar.core.points import Points
from lidar.io import las
from lidar.simulate import SceneParams
from lidar.simulate.params import Season
from lidar.simulate.survey import measure

SEEDS = (SceneParams().seed, 11, 12)


def simulated(season: Season) -> dict[str, object]:
    """Return scene error (worst), compartment RMSE (root mean square) and pooled coverage."""
    scenes = []
    for seed in SEEDS:
        params = SceneParams(pulses_m2=1.5, dense_share=0, seed=seed, season=season)
        scenes.append(reference.zone_errors(measure(params)))
    suffix = "" if season == "leaf_off" else f"_{season}"
    rmse_pct = np.sqrt(np.mean([scene.rmse_pct**2 for scene in scenes]))
    inside = np.concatenate([scene.inside for scene in scenes])
    return {
        f"sim_scene_error_pct{suffix}": round(max(abs(s.scene_pct) for s in scenes), 1),
        f"sim_compartment_rmse_pct{suffix}": round(float(rmse_pct), 1),
        f"sim_coverage_90{suffix}": round(100 * float(inside.mean()), 1),
    }


def real() -> dict[str, object]:
    """Return the figures on real data."""
    folder = shared_data()

    def read(name: str) -> Points:
        return las.read(folder / "lidar" / name)

    kappas = [
        100 * reference.isprs_kappa(read(f"ground_isprs/isprs_samp{n}.laz"))
        for n in reference.ISPRS
    ]
    terrain = [reference.terrain_error(read(f"forest/{n}.laz")) for n in reference.FORESTS]
    rmse_m, bias_m = np.mean(terrain, axis=0)
    rmse_pct, bias_pct = reference.montmorency(folder)
    return {
        "aba": {"montmorency": {"rmse_pct": round(rmse_pct, 1), "bias_pct": round(bias_pct, 2)}},
        "isprs_kappa": round(float(np.mean(kappas)), 1),
        "isprs_worst_kappa": round(min(kappas), 1),
        "dtm_rmse_m": round(float(rmse_m), 3),
        "dtm_bias_m": round(float(bias_m), 3),
        "crown_f1": {k: round(v, 2) for k, v in reference.crown_f1(folder, read).items()},
    }


def main() -> None:
    """Print the figures."""
    started = perf_counter()
    figures = simulated("leaf_off") | simulated("leaf_on") | real()
    say(figures)
    sys.stderr.write(f"{perf_counter() - started:.0f} s\n")


if __name__ == "__main__":
    main()
