"""Two scans of a simulated forest with known fellings, run and compared."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely

from lidar.errors import EpochError
from lidar.io.vector import read_layer
from lidar.run import RunParams, execute
from lidar.run.epochs import compare
from lidar.simulate import SceneParams, make_scene

YEARS = 5
FIRST = SceneParams(
    width_m=400,
    height_m=300,
    compartment_ha=0.8,
    plots=0,
    workers=1,
    tile_m=400,
    seed=5,
    pulses_m2=6.0,
    dense_share=0.0,
    unclassified_share=0.0,
)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("epochs")
    scenes, runs = [], []
    for years in (0, YEARS):
        scene = make_scene(folder / f"scene_{years}", replace(FIRST, years_later=years))
        run = execute(
            scene.laz,
            folder / f"run_{years}",
            compartments=scene.compartments,
            params=RunParams(tile_m=200),
            workers=0,
        )
        scenes.append(scene)
        runs.append(run.out_dir)
    report = compare(*runs, folder / "change")
    return report, folder / "change", scenes, runs


def fellings(scenes, *kinds):
    _, polygons, columns = read_layer(scenes[1].fellings)
    return polygons[np.isin(columns["kind"], kinds)]


def test_clear_fellings_and_windthrow_are_found_and_growing_stands_are_not(compared):
    report, out, scenes, _ = compared
    _, areas, columns = read_layer(out / "canopy_loss.gpkg")
    scene = shapely.box(*FIRST.bounds)
    truth = shapely.intersection(
        shapely.union_all(fellings(scenes, "clear-felled", "windthrow")), scene
    )
    thinned = shapely.union_all(fellings(scenes, "thinned"))
    found = shapely.union_all(areas)
    assert shapely.intersection(found, truth).area / truth.area > 0.8
    elsewhere = shapely.difference(found, shapely.buffer(shapely.union(truth, thinned), 4))
    assert elsewhere.area < 0.02 * scene.area
    assert report["fellings"] >= 1
    assert (columns["height_after_m"] < columns["height_before_m"] - 4).all()
    assert (shapely.area(areas) >= 100).all()


def test_growth_is_that_of_the_trees_that_stayed(compared):
    _, out, scenes, _ = compared
    trees = [np.load(scene.trees, allow_pickle=False) for scene in scenes]
    felled = shapely.union_all(fellings(scenes, "clear-felled", "windthrow", "thinned"))
    inside = [
        shapely.contains_xy(shapely.box(*FIRST.bounds), t["x_m"], t["y_m"])
        & ~shapely.contains_xy(felled, t["x_m"], t["y_m"])
        & (t["height_m"] > 12)
        for t in trees
    ]
    key = [
        {(x, y): h for x, y, h in zip(t["x_m"][i], t["y_m"][i], t["height_m"][i], strict=True)}
        for t, i in zip(trees, inside, strict=True)
    ]
    grown = np.mean([key[1][place] - h for place, h in key[0].items() if place in key[1]])
    with rasterio.open(out / "rasters" / "height_growth.tif") as dataset:
        values = dataset.read(1)
    found = values[values != -9999].mean() * YEARS
    assert found == pytest.approx(grown, rel=0.35)


def test_compartments_tell_volume_loss_and_carbon(compared):
    _, out, scenes, _ = compared
    _, _, columns = read_layer(out / "change.gpkg")
    with scenes[1].truth.open(encoding="utf-8", newline="") as stream:
        later = {row["KEYCODE"]: row for row in csv.DictReader(stream)}
    with scenes[0].truth.open(encoding="utf-8", newline="") as stream:
        first = {row["KEYCODE"]: row for row in csv.DictReader(stream)}
    total = {
        key: sum(float(later[key][f"{g}_m3"]) - float(first[key][f"{g}_m3"]) for g in ("hardwood", "conifer"))
        for key in later
    }  # fmt: skip
    most = min(total, key=lambda key: total[key])  # the stand that was clear-felled
    at = columns["key"].tolist().index(most)
    change = columns["hardwood_change_m3"][at] + columns["conifer_change_m3"][at]
    assert change < 0
    assert columns["co2_change_t"][at] < 0
    assert columns["loss_ha"][at] == max(columns["loss_ha"])
    assert (columns["hardwood_change_se_m3"] >= 0).all()


def test_the_summary_names_both_runs_and_the_factors(compared):
    report, out, _, _ = compared
    assert json.loads((out / "change.json").read_text())["fellings"] == report["fellings"]
    assert report["years"] == pytest.approx(YEARS, abs=0.02)
    assert len({report[side]["manifest_sha256"] for side in ("before", "after")}) == 2
    assert set(report["carbon_factors"]) == {"その他広葉樹", "トドマツ"}
    assert {n["code"] for n in report["notes"]} == {"uncalibrated"}
    assert sorted(p.name for p in out.iterdir()) == [
        *("canopy_loss.gpkg", "change.gpkg", "change.json", "rasters"),
    ]


def test_runs_in_the_wrong_order_or_of_one_day_are_refused(compared, tmp_path):
    *_, runs = compared
    for pair in (runs[::-1], [runs[0], runs[0]]):
        with pytest.raises(EpochError, match="earlier"):
            compare(*pair, tmp_path / "no")
    assert not list(tmp_path.glob("no/*"))
