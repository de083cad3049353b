import json

import laspy
import pytest
from click.testing import CliRunner

from lidar.__main__ import main
from lidar.run import load_result


@pytest.fixture
def call():
    return lambda *arguments: CliRunner().invoke(main, [str(a) for a in arguments])


def test_help_names_the_commands(call):
    text = call("--help").output
    for command in ("inspect", "run", "simulate"):
        assert command in text


def test_inspect_prints_a_table_and_the_faults(call, grove):
    done = call("inspect", grove)
    assert done.exit_code == 0
    assert "line_1.laz" in done.output
    assert "no_ground_class" in done.output


def test_inspect_as_json(call, grove):
    report = json.loads(call("inspect", "--json", grove).output)
    assert [f["name"] for f in report["files"]] == ["line_1.laz", "line_2.laz"]
    assert report["epsg"] == 6680


def test_inspect_fails_when_nothing_can_be_used(call, shared_data):
    done = call("inspect", shared_data / "lidar" / "malformed" / "laszip_broken_type.laz")
    assert done.exit_code == 1
    assert "unknown_compression" in done.output


def test_headers_only_does_not_decode(call, shared_data):
    done = call("inspect", "--headers-only", "--json", shared_data / "lidar" / "forest")
    report = json.loads(done.output)
    assert len(report["files"]) == 10
    assert {f["statistics"] for f in report["files"]} == {None}


def test_run_writes_a_result(call, grove, tmp_path):
    out = tmp_path / "out"
    options = ("--compartments", grove / "areas.geojson", "--plots", grove / "plots.csv")
    done = call("run", grove, "--out", out, *options, "--workers", 1)
    assert done.exit_code == 0, done.output
    result = load_result(out)
    assert result.calibrated
    assert "01010010010001" in done.output
    assert "calibrated; results in" in done.output


def test_run_says_uncalibrated(call, grove, tmp_path):
    done = call("run", grove / "line_1.laz", "--out", tmp_path / "out", "--workers", 0)
    assert done.exit_code == 0, done.output
    assert "UNCALIBRATED" in done.output
    assert "squares" in done.output


def test_run_tells_why_it_refuses(call, shared_data, tmp_path):
    bad = shared_data / "lidar" / "formats" / "pdal_epsg_4326.las"
    done = call("run", bad, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "longitude and latitude" in done.output
    assert "Traceback" not in done.output


def test_a_folder_without_point_clouds(call, tmp_path):
    done = call("run", tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "no LAS or LAZ files" in done.output


def test_simulate_makes_a_scene_that_can_be_inspected(call, tmp_path):
    sizes = ("--width", 120, "--height", 120, "--pulses", 1, "--dense-pulses", 1, "--plots", 2)
    done = call("simulate", tmp_path / "scene", *sizes, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert call("inspect", tmp_path / "scene").exit_code == 0


def test_help_of_every_command_says_what_it_takes(call):
    for name in main.commands:
        done = call(name, "--help")
        assert done.exit_code == 0
        assert len(done.output.splitlines()) > 5


def test_quality_prints_checks_and_fails_only_when_strict(call, grove, tmp_path):
    done = call("quality", grove, "--out", tmp_path / "q", "--workers", 0)
    assert done.exit_code == 0, done.output
    assert "quality.html" in done.output.replace("\n", "")
    assert "not kept" in done.output  # three pulses per m2
    strict = call("quality", grove, "--out", tmp_path / "q", "--workers", 0, "--strict")
    assert strict.exit_code == 3


def test_deliver_and_compare_tell_why_not(call, grove, tmp_path):
    run = call("run", grove / "line_1.laz", "--out", tmp_path / "out", "--workers", 0)
    assert run.exit_code == 0, run.output
    done = call("deliver", tmp_path / "out", "--out", tmp_path / "d")
    assert done.exit_code == 1
    assert "municipalities" in done.output
    same = call("compare", tmp_path / "out", tmp_path / "out", "--out", tmp_path / "c")
    assert same.exit_code == 1
    assert "day of the scan" in same.output or "earlier" in same.output


def test_check_raster(call, grove, tmp_path):
    run = call("run", grove / "line_1.laz", "--out", tmp_path / "out", "--workers", 0)
    assert run.exit_code == 0, run.output
    good = call("check-raster", tmp_path / "out" / "rasters" / "chm.tif")
    assert "refuse" not in good.output
    assert good.exit_code == 0
    bad = call("check-raster", tmp_path / "out" / "rasters" / "cs_map.tif")
    assert bad.exit_code == 3
    assert "bands" in bad.output


def test_a_density_table_without_groups_is_told(call, grove, tmp_path):
    table = tmp_path / "density.csv"
    table.write_text("species,b1\nlarch,1\n")
    done = call("run", grove, "--out", tmp_path / "o", "--stand-density", table)
    assert done.exit_code == 1
    assert "group" in done.output


def test_copc_of_a_part(call, grove, tmp_path):
    out = tmp_path / "view.copc.laz"
    bounds = (58_400, 13_300, 58_450, 13_350)
    done = call("copc", grove, "--out", out, "--bounds", *bounds)
    assert done.exit_code == 0, done.output
    with laspy.open(out) as reader:
        assert reader.header.point_count > 5000
        assert reader.header.maxs[0] < 58_450
    nothing = call("copc", grove, "--out", tmp_path / "no.copc.laz", "--bounds", 0, 0, 1, 1)
    assert nothing.exit_code == 1
    assert "no points" in nothing.output
