import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import laspy
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS

from lidar.core import mesh20m
from lidar.errors import (
    BatchRefusedError,
    CarbonFactorError,
    PlotSampleError,
    ResultError,
    RunCancelledError,
    VectorFileError,
)
from lidar.io import cog
from lidar.io.vector import Zones, read_layer
from lidar.run import RunParams, execute, load_result
from lidar.run.mesh import STANDARD_FIELDS

SMALL = RunParams(tile_m=100.0)
PICTURES = {"hillshade", "cs_map", "dtm_source"}


def inputs(grove):
    return sorted(grove.glob("*.laz"))


def with_ground_truth(grove):
    return {"compartments": grove / "areas.geojson", "plots": grove / "plots.csv"}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def done(grove, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    steps = []
    result = execute(
        inputs(grove),
        out,
        **with_ground_truth(grove),
        params=SMALL,
        workers=2,
        on_progress=lambda *step: steps.append(step),
    )
    return result, steps


def raster(result, kind):
    with rasterio.open(result.rasters[kind]) as dataset:
        return cog.read(result.rasters[kind]), dataset.transform


def test_terrain_and_canopy_are_those_of_the_grove(done, grove_truth):
    result, _ = done
    for kind, truth, tolerance in (("dtm", "ground_m", 0.05), ("chm", "height_m", 1.5)):
        values, transform = raster(result, kind)
        left, bottom, right, top = grove_truth["bounds"]
        rng = np.random.default_rng(1)
        x, y = rng.uniform(left + 5, right - 5, 4000), rng.uniform(bottom + 5, top - 5, 4000)
        cols, rows = ~transform @ (x, y)
        found = values[rows.astype(int), cols.astype(int)]
        x_cell, y_cell = transform @ (np.floor(cols) + 0.5, np.floor(rows) + 0.5)
        expected = grove_truth[truth](x_cell, y_cell)
        assert np.nanmedian(np.abs(found - expected)) < tolerance, kind
    assert result.quality["ground_source"] == "found"


def test_trees_are_counted(done, grove_truth):
    result, _ = done
    # one tree each 5 m in 36 columns of 41 rows
    assert result.quality["trees"] == pytest.approx(36 * 41, rel=0.1)
    mesh = result.mesh()
    cell = mesh.columns["立木密度"][shapely.contains_xy(mesh.geometries, 58_450, 13_410)][0]
    assert cell == pytest.approx(400, rel=0.3)


def test_every_raster_is_a_cog_with_its_unit(done):
    result, _ = done
    assert set(result.rasters) == {
        *("dtm", "dsm", "chm", "chm_1m", "hillshade", "slope", "cs_map", "dtm_source"),
        *("hardwood_m3ha", "conifer_m3ha", "hardwood_se_m3ha", "hardwood_share"),
    }
    bounds = set()
    for kind, path in result.rasters.items():
        with rasterio.open(path) as dataset:
            assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert dataset.nodata == (0 if dataset.dtypes[0] == "uint8" else -9999)
            assert (dataset.dtypes[0] == "uint8") == (kind in PICTURES)
            assert dataset.crs.to_epsg() == 6680
            assert dataset.units[0]
            assert dataset.tags()["FORESTGIS_CALIBRATED"] == "yes"
            bounds.add(tuple(dataset.bounds))
    assert len(bounds) == 1


def test_mesh_has_the_fields_of_the_standard(done):
    result, _ = done
    mesh = result.mesh()
    columns = mesh.columns
    for field in (
        "解析樹種",
        "面積_ha",
        "立木本数",
        "平均樹高",
        "合計材積",
        "ha材積",
        "森林計測法",
    ):
        assert field in columns
    assert set(columns["面積_ha"]) == {0.04}
    assert set(columns["森林計測年"].astype(str)) == {"2024-05-20"}
    for jf20mid, square in zip(columns["JF20mID"], mesh.geometries, strict=True):
        west, north = mesh20m.decode(jf20mid).north_west_m
        assert square.equals(shapely.box(west, north - 20, west + 20, north))
    total = columns["hardwood_m3ha"].astype(float) + columns["conifer_m3ha"]
    np.testing.assert_allclose(columns["合計材積"], total * 0.04, atol=0.00051)


def test_the_mesh_holds_every_field_of_the_standard_in_its_order(done):
    result, _ = done
    columns = result.mesh().columns
    assert tuple(columns)[: len(STANDARD_FIELDS)] == STANDARD_FIELDS
    stocked = columns["立木本数"] > 0
    assert stocked.any()
    assert not stocked.all()
    for field in ("平均直径", "相対幹距比", "形状比"):
        assert (columns[field][stocked] > 0).all(), field
        assert np.isnan(columns[field][~stocked]).all(), field
    spacing = 100 * (100 / np.sqrt(columns["立木密度"][stocked])) / columns["平均樹高"][stocked]
    np.testing.assert_allclose(columns["相対幹距比"][stocked], spacing, rtol=0.01)
    ratio = columns["平均樹高"][stocked] * 100 / columns["平均直径"][stocked]
    np.testing.assert_allclose(columns["形状比"][stocked], ratio, rtol=0.02)
    for name in ("平均傾斜", "最大傾斜", "最小傾斜", "最頻傾斜"):
        assert ((columns[name] >= 0) & (columns[name] < 15)).all(), name


def test_tree_points_are_the_trees_with_their_cells(done):
    result, _ = done
    meta, points, columns = read_layer(result.out_dir / "trees.gpkg")
    assert meta["geometry_type"] == "Point"
    assert len(points) == result.quality["trees"]
    assert len(set(columns["tree_id"])) == len(points)
    mesh = result.mesh()
    x, y = shapely.get_x(points), shapely.get_y(points)
    for square, stems in list(zip(mesh.geometries, mesh.columns["立木本数"], strict=True))[::7]:
        west, south, east, north = square.bounds
        assert ((x >= west) & (x < east) & (y > south) & (y <= north)).sum() == stems
    assert (columns["樹冠面積"] > 0).all()
    assert set(columns["森林計測法"]) == {"1"}


def test_species_areas_cover_the_stocked_cells_once(done):
    result, _ = done
    _, areas, columns = read_layer(result.out_dir / "species.gpkg")
    mesh = result.mesh()
    stocked = mesh.columns["解析樹種ID"] != None  # noqa: E711  an array
    for code in set(columns["解析樹種ID"]):
        of_code = stocked & (mesh.columns["解析樹種ID"] == code)
        expected = shapely.union_all(mesh.geometries[of_code])
        found = shapely.union_all(areas[columns["解析樹種ID"] == code])
        assert found.symmetric_difference(expected).area == pytest.approx(0)
    np.testing.assert_allclose(columns["面積_ha"], shapely.area(areas) / 1e4, atol=1e-4)
    assert shapely.area(areas).sum() == pytest.approx(stocked.sum() * 400)


def test_zone_totals_are_sums_of_the_raster(done):
    result, _ = done
    assert [z.key for z in result.zones] == ["01010010010001", "01010010010002"]
    for kind in ("hardwood", "conifer"):
        values, transform = raster(result, f"{kind}_m3ha")
        for zone in result.zones:
            summed = 0.0
            for (row, col), value in np.ndenumerate(values):
                west, north = transform @ (col, row)
                part = shapely.box(west, north - 20, west + 20, north).intersection(zone.geometry)
                if not np.isnan(value):
                    summed += float(value) * part.area / 10_000
            assert summed == pytest.approx(zone.totals[f"{kind}_m3"], rel=1e-6)
            assert zone.totals[f"{kind}_se_m3"] > 0


def test_zones_tell_the_carbon_of_their_volume(done):
    result, _ = done
    for zone in result.zones:
        t = zone.totals
        # density x expansion x (1 + roots) x carbon fraction of other broadleaves and of fir
        expected = t["hardwood_m3"] * 0.624 * 1.26 * 1.26 * 0.48
        expected += t["conifer_m3"] * 0.318 * 1.38 * 1.21 * 0.51
        assert t["carbon_t"] == pytest.approx(expected, abs=0.006)
    with pytest.raises(CarbonFactorError):
        RunParams(carbon_species=("オーク", "トドマツ"))


def test_calibrated_volumes_follow_the_plots(done):
    result, _ = done
    assert result.calibrated
    # 12 m3/ha a metre of tree height, trees of 8.6 to 14.1 m: see the grove's plots
    zone = result.zones[0].totals
    assert zone["total_m3"] / zone["scanned_ha"] == pytest.approx(12 * 11.4, rel=0.15)
    assert zone["scanned_on"] == "2024-05-20"
    assert zone["area_ha"] == pytest.approx(95 * 180 / 10_000, rel=1e-3)


def test_a_compartment_outside_the_scan_is_left_out_and_told(done):
    result, _ = done
    assert result.quality["zones_outside"] == 1
    assert [n["code"] for n in result.quality["notes"]] == ["zones_outside"]


def test_items_and_manifest_name_what_was_made(done):
    result, _ = done
    for kind, path in result.rasters.items():
        item = json.loads((result.out_dir / "items" / f"{kind}.json").read_text())
        asset = item["assets"]["data"]
        assert (result.out_dir / "items" / asset["href"]).resolve() == path.resolve()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert asset["file:checksum"] == f"1220{digest}"
        assert item["properties"]["proj:code"] == "EPSG:6680"
        assert item["properties"]["datetime"] == "2024-05-20T12:00:00Z"
        assert result.manifest["outputs"][f"rasters/{kind}.tif"]["sha256"] == digest
        west, south, east, north = item["bbox"]
        assert 142 < west < east < 143.1
        assert 44 < south < north < 44.2
    assert [i["name"] for i in result.manifest["inputs"]] == ["line_1.laz", "line_2.laz"]


def test_settings_come_back_from_the_manifest(done):
    assert RunParams(**done[0].manifest["params"]) == SMALL


def test_progress_counts_to_its_end(done):
    _, steps = done
    totals = {total for _, total, stage, _ in steps if stage != "inspect"}
    assert len(totals) == 1
    assert [d for d, *_ in steps] == list(range(totals.pop() + 1))
    assert [s for _, _, s, _ in steps][-1] == "done"


def test_nothing_of_the_work_is_left(done):
    result, _ = done
    assert not (result.out_dir / ".work").exists()


@pytest.mark.parametrize("workers", [0, 1])
def test_the_number_of_workers_does_not_change_a_byte(done, grove, tmp_path, workers):
    execute(inputs(grove), tmp_path, **with_ground_truth(grove), params=SMALL, workers=workers)
    assert digests(tmp_path) == digests(done[0].out_dir)


def test_the_order_of_files_does_not_change_a_byte(done, grove, tmp_path):
    execute(inputs(grove)[::-1], tmp_path, **with_ground_truth(grove), params=SMALL, workers=0)
    assert digests(tmp_path) == digests(done[0].out_dir)


def test_tiles_leave_no_seam(done, grove, tmp_path):
    params = RunParams(tile_m=1000.0)
    whole = execute(inputs(grove), tmp_path, **with_ground_truth(grove), params=params, workers=0)
    assert len(whole.manifest["tiles"]) == 1
    assert len(done[0].manifest["tiles"]) >= 6
    for kind in ("dtm", "chm", "hardwood_m3ha"):
        one, many = raster(whole, kind)[0], raster(done[0], kind)[0]
        np.testing.assert_array_equal(np.isnan(one), np.isnan(many))
        apart = np.abs(one - many)
        assert np.nanmax(apart) <= {"dtm": 0.05, "chm": 0.05, "hardwood_m3ha": 1.0}[kind]


@pytest.mark.parametrize("workers", [0, 2])
def test_cancelling_keeps_what_is_done_and_going_on_ends_alike(done, grove, tmp_path, workers):
    tiles = []

    def note(_done, _total, stage, message):
        if stage == "tiles":
            tiles.append(message)

    with pytest.raises(RunCancelledError):
        execute(
            inputs(grove),
            tmp_path,
            **with_ground_truth(grove),
            params=SMALL,
            workers=workers,
            on_progress=note,
            should_cancel=lambda: len(tiles) >= 2,
        )
    kept = list((tmp_path / ".work").rglob("*.npz"))
    assert len(kept) >= 2
    with pytest.raises(ResultError, match="no complete result"):
        load_result(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in kept}

    def look(_done, _total, stage, _message):
        if stage == "volume":
            assert {path: path.stat().st_mtime_ns for path in kept} == before

    settings = {"params": SMALL, "workers": 0, "on_progress": look}
    execute(inputs(grove), tmp_path, **with_ground_truth(grove), **settings)
    assert digests(tmp_path) == digests(done[0].out_dir)


def test_going_on_with_other_settings_starts_from_all_points(grove, tmp_path):
    """Tiles done under the first settings must not be missing their points under the second."""
    with pytest.raises(RunCancelledError):
        execute(
            inputs(grove),
            tmp_path / "out",
            params=SMALL,
            workers=0,
            should_cancel=lambda: bool(list(tmp_path.glob("out/.work/*/tiles/*.npz"))),
        )
    changed = RunParams(tile_m=100.0, zone_grid_m=100.0)
    execute(inputs(grove), tmp_path / "out", params=changed, workers=0)
    execute(inputs(grove), tmp_path / "fresh", params=changed, workers=0)
    assert digests(tmp_path / "out") == digests(tmp_path / "fresh")


def test_killing_a_run_and_starting_it_again_ends_alike(done, grove, tmp_path):
    code = (
        "import sys; from pathlib import Path; from lidar.run import RunParams, execute\n"
        "grove, out = map(Path, sys.argv[1:])\n"
        "execute(sorted(grove.glob('*.laz')), out, compartments=grove / 'areas.geojson',"
        " plots=grove / 'plots.csv', params=RunParams(tile_m=100.0), workers=2)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(grove), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.rglob("*.npz")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not (tmp_path / "manifest.json").exists()
    execute(inputs(grove), tmp_path, **with_ground_truth(grove), params=SMALL, workers=2)
    assert digests(tmp_path) == digests(done[0].out_dir)


def test_without_plots_and_compartments_it_says_so(grove, tmp_path):
    result = execute(inputs(grove), tmp_path, workers=0)
    assert not result.calibrated
    codes = {n["code"] for n in result.quality["notes"]}
    assert {"uncalibrated", "squares"} <= codes
    assert all(z.totals["calibrated"] == 0 for z in result.zones)
    assert all(z.key.startswith("grid-") for z in result.zones)
    with rasterio.open(result.rasters["hardwood_m3ha"]) as dataset:
        assert "uncalibrated" in dataset.tags()["FORESTGIS_CALIBRATED"]


def test_a_model_made_earlier_serves_without_plots(done, grove, tmp_path):
    params = RunParams(tile_m=100.0, calibration=done[0].model)
    result = execute(
        inputs(grove), tmp_path, compartments=grove / "areas.geojson", params=params, workers=0
    )
    assert result.calibrated
    assert result.zones[0].totals == done[0].zones[0].totals


def test_too_few_plots_are_refused(grove, tmp_path):
    lines = (grove / "plots.csv").read_text().splitlines()
    (tmp_path / "few.csv").write_text("\n".join(lines[:4]))
    with pytest.raises(PlotSampleError):
        execute(inputs(grove), tmp_path / "out", plots=tmp_path / "few.csv", workers=0)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_bad_file_refuses_the_batch_or_is_left_out_by_choice(grove, tmp_path, shared_data):
    bad = shared_data / "lidar" / "formats" / "pdal_epsg_4326.las"
    with pytest.raises(BatchRefusedError, match="longitude and latitude") as caught:
        execute([*inputs(grove), bad], tmp_path, workers=0)
    assert [f["name"] for f in caught.value.fields["refused"]] == [bad.name]
    params = RunParams(skip_refused=True)
    result = execute([*inputs(grove), bad], tmp_path, params=params, workers=0)
    assert "files_refused" in {n["code"] for n in result.quality["notes"]}


def test_the_same_points_in_another_file_change_nothing(done, grove, tmp_path, las_writer):
    points = laspy.read(grove / "line_2.laz")
    las_writer(
        tmp_path / "zz_again.las",
        *(np.asarray(points[axis]) for axis in "xyz"),
        return_number=points.return_number,
        number_of_returns=points.number_of_returns,
    )
    files = [*inputs(grove), tmp_path / "zz_again.las"]
    settings = {"params": SMALL, "workers": 0}
    result = execute(files, tmp_path / "out", **with_ground_truth(grove), **settings)
    assert [i["name"] for i in result.manifest["inputs"]] == ["line_1.laz", "line_2.laz"]
    for kind in result.rasters:
        assert result.rasters[kind].read_bytes() == done[0].rasters[kind].read_bytes()


def test_municipalities_are_assigned_by_the_centre_of_cells(grove, tmp_path):
    middle = 58_512.0  # the line between two columns of cells is at 58 520, centres at 58 510
    areas = shapely.box([58_000, middle], 13_000, [middle, 59_000], 14_000)
    zones = Zones(("01346", "01202"), areas, CRS(6680))
    result = execute(
        inputs(grove)[:1], tmp_path / "out", municipalities=zones, params=SMALL, workers=0
    )
    mesh = result.mesh()
    x = shapely.get_x(shapely.centroid(mesh.geometries))
    expected = np.where(x < middle, "01346", "01202")
    assert mesh.columns["市町村code"].tolist() == expected.tolist()
    assert set(mesh.columns["県code"]) == {"01"}
    _, _, columns = read_layer(result.out_dir / "trees.gpkg")
    assert set(columns["市町村code"]) <= {"01346", "01202"}
    with pytest.raises(VectorFileError, match="five digits"):
        execute(inputs(grove), tmp_path / "no", municipalities=Zones(("1",), areas[:1], CRS(6680)))


def test_replacing_a_result_replaces_all_of_it(done, grove, tmp_path):
    execute(inputs(grove)[:1], tmp_path, workers=0)
    execute(inputs(grove), tmp_path, **with_ground_truth(grove), params=SMALL, workers=0)
    assert digests(tmp_path) == digests(done[0].out_dir)
