"""The simulated scene: what is written, what is true, and that it repeats."""

import csv
import hashlib

import laspy
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from lidar.core.stem_volume import StemVolumeTables
from lidar.simulate import SceneParams, make_scene
from lidar.simulate.layout import make_layout
from lidar.simulate.roads import make_roads
from lidar.simulate.terrain import make_relief

SMALL = SceneParams(
    width_m=300, height_m=300, compartment_ha=0.7, plots=15, workers=1, tile_m=150, seed=5
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return make_scene(tmp_path_factory.mktemp("scene"), SMALL)


@pytest.fixture(scope="module")
def clouds(scene):
    return [laspy.read(path) for path in scene.laz]


def read_csv(path, encoding="utf-8"):
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_clouds_are_las_1_4_in_zone_12(clouds):
    for cloud in clouds:
        header = cloud.header
        assert (str(header.version), header.point_format.id) == ("1.4", 6)
        assert header.parse_crs() == pyproj.CRS(6680)
        assert header.global_encoding.wkt
        assert header.global_encoding.gps_time_type == laspy.header.GpsTimeType.STANDARD


def test_density_is_that_asked_for(clouds):
    x = np.concatenate([c.x[c.return_number == 1] for c in clouds])
    dense = x > SMALL.west_m + 0.75 * SMALL.width_m
    area = SMALL.width_m * SMALL.height_m
    assert np.sum(~dense) / (0.75 * area) == pytest.approx(4.0, rel=0.12)
    assert np.sum(dense) / (0.25 * area) == pytest.approx(12.0, rel=0.12)


def test_returns_of_a_pulse_agree(clouds):
    for cloud in clouds:
        number, count = np.asarray(cloud.return_number), np.asarray(cloud.number_of_returns)
        assert ((number >= 1) & (number <= count)).all()
        assert (count > 1).any()
        time = np.asarray(cloud.gps_time)
        # Returns of one pulse share its time; the ends of the scene cut some of them off.
        _, per_pulse = np.unique(time, return_counts=True)
        assert per_pulse.max() <= count.max()


def test_flight_lines_overlap_and_have_their_own_id(tmp_path):
    params = SceneParams(
        width_m=120, height_m=700, compartment_ha=2, plots=0, workers=1, pulses_m2=0.5,
        dense_share=0, seed=3,
    )  # fmt: skip
    clouds = [laspy.read(path) for path in make_scene(tmp_path, params).laz]
    assert [set(np.unique(c.point_source_id)) for c in clouds] == [{1}, {2}]
    low, high = clouds[1].y.min(), clouds[0].y.max()
    assert (high - low) / np.ptp(np.concatenate([c.y for c in clouds])) > 0.2


def test_part_is_delivered_without_ground_classes(scene, clouds):
    classified = {
        p.stem: set(np.unique(c.classification)) for p, c in zip(scene.laz, clouds, strict=True)
    }
    assert classified["L001_01"] == {1}
    assert 2 in classified["L001_02"]


def test_ground_class_lies_on_the_ground(scene, clouds):
    relief = make_relief(SMALL, np.random.default_rng([SMALL.seed, 1]))
    for cloud in clouds:
        ground = np.asarray(cloud.classification) == 2
        if not ground.any():
            continue
        x, y, z = (np.asarray(v)[ground] for v in (cloud.x, cloud.y, cloud.z))
        assert np.abs(np.median(z - relief.at(x, y))) < 0.1
        assert np.mean(np.abs(z - relief.at(x, y)) < 0.4) > 0.97


def test_no_crown_return_stands_above_the_trees(scene, clouds):
    with np.load(scene.trees) as trees:
        top = (trees["ground_m"] + trees["height_m"]).max()
    above = sum(int((np.asarray(c.z) > top + 1).sum()) for c in clouds)
    assert above <= 12  # birds and haze only


def test_compartments_share_borders_and_join_the_register(scene):
    meta, _, wkb, columns = pyogrio.raw.read(scene.compartments)
    keys = columns[list(meta["fields"]).index("KEYCODE")]
    polygons = shapely.from_wkb(wkb)
    assert all(len(k) == 14 and k.isdigit() for k in keys)
    assert len(set(keys)) == len(keys)
    assert shapely.coverage_is_valid(polygons)
    register = read_csv(scene.register, "cp932")
    assert {r["KEYCODE"] for r in register} == set(keys)
    assert all(r["備考"] == "架空データ" for r in register)
    assert set(columns[list(meta["fields"]).index("備考")]) == {"架空データ"}


def test_register_stock_is_near_the_truth_but_not_the_truth(scene):
    truth = {r["KEYCODE"]: r for r in read_csv(scene.truth)}
    stock = {}
    for row in read_csv(scene.register, "cp932"):
        stock[row["KEYCODE"]] = stock.get(row["KEYCODE"], 0) + float(row["HA当蓄積L"] or 0)
    book = np.array([stock[k] for k in truth])
    real = np.array([float(r["hardwood_m3ha"]) for r in truth.values()])
    assert np.corrcoef(book, real)[0, 1] > 0.5
    assert np.abs(book - real).mean() > 5


def test_truth_is_the_sum_of_the_trees(scene):
    with np.load(scene.trees) as file:
        trees = {name: file[name] for name in file.files}
    names = trees["species_names"]
    tables = StemVolumeTables.load()
    volume = np.zeros(len(trees["x_m"]))
    for i, name in enumerate(names):
        own = trees["species"] == i
        equation = tables.equation_for(str(name), "北見")
        volume[own] = tables.volume_m3(equation, trees["dbh_cm"][own], trees["height_m"][own])
    assert volume == pytest.approx(trees["volume_m3"])
    hardwood = np.isin(names[trees["species"]], ["ミズナラ", "シラカンバ", "イタヤカエデ"])
    _, _, wkb, _ = pyogrio.raw.read(scene.compartments)
    for row, polygon in zip(read_csv(scene.truth), shapely.from_wkb(wkb), strict=True):
        inside = shapely.contains_xy(polygon, trees["x_m"], trees["y_m"])
        assert volume[inside & hardwood].sum() == pytest.approx(float(row["hardwood_m3"]), abs=1e-3)
        assert volume[inside & ~hardwood].sum() == pytest.approx(float(row["conifer_m3"]), abs=1e-3)


def test_plots_hold_what_stands_within_their_radius(scene):
    with np.load(scene.trees) as file:
        trees = {name: file[name] for name in file.files}
    hardwood = trees["species"] < 3
    for row in read_csv(scene.plots):
        apart = np.hypot(trees["x_m"] - float(row["x"]), trees["y_m"] - float(row["y"]))
        inside = (apart < float(row["radius_m"])) & hardwood
        per_ha = trees["volume_m3"][inside].sum() * 10_000 / (np.pi * 11.28**2)
        assert float(row["hardwood_m3ha"]) == pytest.approx(per_ha, abs=12)


def test_same_seed_same_bytes_whatever_the_workers(scene, tmp_path):
    from dataclasses import replace

    again = make_scene(tmp_path, replace(SMALL, workers=2))
    for name in ("compartments", "register", "roads", "plots", "truth"):
        assert digest(getattr(again, name)) == digest(getattr(scene, name)), name
    assert [digest(p) for p in again.laz] == [digest(p) for p in scene.laz]


def test_leaf_on_lets_less_through():
    shares = {}
    from lidar.simulate.survey import measure

    for season in ("leaf_off", "leaf_on"):
        params = SceneParams(
            width_m=260, height_m=260, compartment_ha=0.7, plots=15, pulses_m2=2,
            dense_share=0, season=season, seed=8,
        )  # fmt: skip
        survey = measure(params)
        broadleaf = survey.plots.hardwood_m3ha > 5 * survey.plots.conifer_m3ha + 50
        assert broadleaf.sum() >= 3
        shares[season] = survey.plots.metrics["last_penetration"][broadleaf].mean()
    assert shares["leaf_off"] > shares["leaf_on"] + 0.2


def test_default_scene_is_laid_out_as_real_compartments_are():
    params = SceneParams()
    rng = np.random.default_rng([params.seed, 1])
    relief = make_relief(params, rng)
    roads = make_roads(params, relief, rng)
    layout = make_layout(params, relief, roads, rng)
    area = np.array([unit.area_ha for unit in layout])
    assert 45 <= len(layout) <= 62
    assert area.min() >= 1.0
    assert area.max() <= 10.0
    assert {r.road_class for r in roads} == {"public_road", "forest_road", "strip_road"}
    x, y = (v[::20, ::20].ravel() for v in relief.frame.nodes())
    slope = relief.slope_deg(x, y)
    assert 30 < np.percentile(slope, 99) < 36
    assert slope.max() < 42
    to_degrees = pyproj.Transformer.from_crs(6680, 6668, always_xy=True)
    west, south, _, _ = params.bounds
    assert to_degrees.transform(west, south) == pytest.approx((142.98, 44.117), abs=0.01)
