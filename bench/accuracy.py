"""Accuracy of the engine against published reference data and simulated truth.

One JSON line of the figures on standard output; what they are made of, by site, season
and sample, on standard error. See docs/accuracy.md for data, methods and published
figures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.measure import say, shared_data
from bench.reference import aba, crowns, ground, leaf_types, scenes
from lidar.core.points import Points
from lidar.io import las
from lidar.simulate import SceneParams
from lidar.simulate.params import Season
from lidar.simulate.survey import Survey, measure

Figures = dict[str, object]

SEEDS = (SceneParams().seed, 11, 12)
SEASONS: tuple[Season, ...] = ("leaf_off", "leaf_on")
PULSES_M2 = 2.0


def detail(name: str, figures: object) -> None:
    """Print what a figure is made of on standard error."""
    sys.stderr.write(f"{name}: {json.dumps(figures)}\n")


def ground_figures(folder: Path) -> Figures:
    """Return the figures of the ISPRS filter test and of terrain under forests."""
    samples = {n: folder / f"lidar/ground_isprs/isprs_samp{n}.laz" for n in ground.ISPRS}
    ours = {n: ground.isprs(las.read(path)) for n, path in samples.items()}
    pdal = {n: ground.isprs_by_pdal(path) for n, path in samples.items()}
    theirs = [agreement.kappa_pct for agreement in pdal.values() if agreement]
    forests = {n: las.read(folder / f"lidar/forest/{n}.laz") for n in ground.FORESTS}
    errors = {n: ground.terrain_error(points) for n, points in forests.items()}
    detail("isprs", {n: asdict(agreement) for n, agreement in ours.items()})
    detail("isprs_pdal", {n: a and asdict(a) for n, a in pdal.items()})
    detail("dtm_rmse_bias_m", errors)
    detail("vs_tin", {n: ground.interpolation_ratio(points) for n, points in forests.items()})
    rmse_m, bias_m = np.mean(list(errors.values()), axis=0)
    return {
        "isprs_kappa": _mean([a.kappa_pct for a in ours.values()], 1),
        "isprs_total_error_pct": _mean([a.total_error_pct for a in ours.values()], 2),
        "dtm_rmse_m": round(float(rmse_m), 3),
        "dtm_bias_m": round(float(bias_m), 3),
        "pdal_kappa": _mean(theirs, 1) if len(theirs) == len(ours) else None,
    }


def crown_figures(folder: Path, read: Callable[[str], Points]) -> Figures:
    """Return the figures of crowns drawn in two forests, beside the plain method."""
    sample = crowns.plots(folder, read)
    ours, plain = crowns.scores(sample, crowns.ours), crowns.best_baseline(sample)
    for name, by_site in (("crowns", ours), ("crowns_baseline", plain)):
        detail(name, {s: [c.recall, c.precision, c.f1] for s, c in by_site.items()})
    detail("mixed_conifer_tops", crowns.count_trees(read("forest/MixedConifer.laz")))
    gain = crowns.mean_f1(ours) - crowns.mean_f1(plain)
    return {"crown_f1": round(crowns.mean_f1(ours), 3), "crown_f1_gain": round(100 * gain, 1)}


def leaf_type_figures(folder: Path, read: Callable[[str], Points]) -> Figures:
    """Return the share of drawn crowns whose type is met, models with and without their site."""
    sample = leaf_types.load(folder, read)
    within, other = leaf_types.within_site(sample), leaf_types.other_site(sample)
    for name, by_site in (("leaf_type", within), ("leaf_type_other_site", other)):
        detail(name, {site: confusion.to_dict() for site, confusion in by_site.items()})
    return {
        "leaf_type_accuracy": round(leaf_types.accuracy(within), 3),
        "leaf_type_accuracy_other_site": round(leaf_types.accuracy(other), 3),
    }


def aba_figures(folder: Path) -> Figures:
    """Return the figures of volume and basal area on published plots."""
    samples = {
        "montmorency": aba.montmorency(folder),
        "montmorency_basal_area": aba.montmorency(folder, "ba_ha"),
        "grisons": aba.grisons(folder),
        "moscow_stjoe_basal_area": aba.moscow_stjoe(folder),
    }
    for name, plots in samples.items():
        detail(f"aba {name} log-linear", aba.judge(plots, "log-linear").rounded())
        detail(f"aba {name} nested", aba.judge(plots, nested=True).rounded())
    return {"aba": {name: aba.judge(plots).rounded() for name, plots in samples.items()}}


def scene_figures(surveys: list[Survey], *, use_register: bool) -> Figures:
    """Return scene error (worst), compartment RMSE (root mean square) and pooled coverage."""
    found = [scenes.zone_errors(survey, use_register=use_register) for survey in surveys]
    rmse_pct = np.sqrt(np.mean([scene.rmse_pct**2 for scene in found]))
    inside = np.concatenate([scene.inside for scene in found])
    return {
        "sim_scene_error_pct": round(max(abs(scene.scene_pct) for scene in found), 1),
        "sim_compartment_rmse_pct": round(float(rmse_pct), 1),
        "sim_coverage_90": round(100 * float(inside.mean()), 1),
    }


def simulated_figures(pulses_m2: float) -> Figures:
    """Return the figures of leaf-off scenes whose register teaches the kinds of stands.

    Without the register, and in leaf, on standard error.
    """
    by_season = {}
    for season in SEASONS:
        params = SceneParams(pulses_m2=pulses_m2, dense_share=0, season=season)
        surveys = [measure(replace(params, seed=seed)) for seed in SEEDS]
        by_season[season] = scene_figures(surveys, use_register=True)
        detail(f"{season}, {pulses_m2} pulses/m2, with register", by_season[season])
        detail(f"{season}, plots alone", scene_figures(surveys, use_register=False))
        detail(f"{season}, pure stands", scenes.strata_accuracy(surveys))
    return by_season["leaf_off"]


def _mean(values: list[float], digits: int) -> float:
    return round(float(np.mean(values)), digits)


def main() -> None:
    """Print the figures."""
    started = perf_counter()
    folder = shared_data()

    def read(name: str) -> Points:
        return las.read(folder / "lidar" / name)

    figures: Figures = {}
    parts: list[Callable[[], Figures]] = [
        partial(ground_figures, folder),
        partial(crown_figures, folder, read),
        partial(leaf_type_figures, folder, read),
        partial(aba_figures, folder),
        partial(simulated_figures, PULSES_M2),
    ]
    for part in parts:
        figures |= part()
    say(figures)
    sys.stderr.write(f"{perf_counter() - started:.0f} s\n")


if __name__ == "__main__":
    main()
