import json
import resource
import shutil

import laspy
import numpy as np
import pytest
from pyproj import CRS

from lidar.run import inspect


def codes(report, severity=None):
    return [f.code for f in report.faults if severity in (None, f.severity)]


def one(path, **options):
    return inspect([path], **options).files[0]


@pytest.fixture(scope="module")
def formats(shared_data):
    report = inspect(sorted((shared_data / "lidar" / "formats").glob("*.la[sz]")))
    return {f.name: f for f in report.files}


def test_a_good_batch_is_described(grove):
    report = inspect(grove.glob("*.laz"))
    assert report.crs == CRS(6680)
    assert report.dates == ("2024-05-20", "2024-05-20")
    assert not report.refused
    assert report.points == sum(laspy.open(p).header.point_count for p in grove.glob("*.laz"))
    # lines of 140 and 130 m over 240 m: 30 m of 240 twice
    assert report.overlap_share == pytest.approx(30 / 240, abs=0.005)
    first = report.files[0].statistics
    assert first.pulse_density_m2 == pytest.approx(3.0, rel=0.02)
    assert first.line_ids == [1]
    assert not first.ground_usable
    assert codes(report.files[0]) == ["low_density", "no_ground_class"]


def test_a_report_is_json(grove):
    text = json.dumps(inspect(grove.glob("*.laz")).to_dict())
    assert str(grove) not in text


def test_a_report_of_senseless_numbers_is_json_too(tmp_path, las_writer):
    x = np.linspace(0, 50, 300)
    for at in range(131, 227, 8):
        for number in (np.nan, np.inf, -1e300):
            path = las_writer(tmp_path / f"{at}_{number}.las", x, x, x)
            data = bytearray(path.read_bytes())
            data[at : at + 8] = np.float64(number).tobytes()
            path.write_bytes(bytes(data))
    report = inspect(tmp_path.glob("*.las"), decode=False)
    assert all(f.refused for f in report.files)
    json.dumps(report.to_dict(), allow_nan=False)


def test_figures_of_real_files(shared_data):
    # counts by class and return of VERIFY.txt
    seen = one(shared_data / "lidar" / "forest" / "Topography.laz").statistics
    assert seen.dates == ("2018-09-07", "2018-09-07")
    assert seen.ground_usable
    points = laspy.read(shared_data / "lidar" / "forest" / "Topography.laz")
    classes, counts = np.unique(points.classification, return_counts=True)
    assert seen.classes == {str(c): n for c, n in zip(classes, counts, strict=True)}


@pytest.mark.parametrize(
    ("name", "normalised"),
    {
        "MixedConifer": True,
        "Megaplot": True,
        "pycrown_POINTS": True,
        "bcts_1": False,
        "fm_class": False,
        "MixedEucaNat": False,
    }.items(),
)
def test_heights_above_ground_are_recognised(shared_data, name, normalised):
    report = one(shared_data / "lidar" / "forest" / f"{name}.laz")
    assert report.statistics.heights_normalised == normalised
    assert ("heights_normalised" in codes(report)) == normalised


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pdal_epsg_4326.las", "geographic_crs"),
        ("pdal_no-points.las", "no_points"),
        ("pdal_1.2-no-points.las", "truncated"),
        ("pdal_gps-time-nan.las", "no_crs"),
        ("laspy_simple1_3.las", "bounds_too_large"),
        ("pdal_1.2_0.las", "too_few_points"),
        ("pdal_interesting.las", "too_sparse"),
    ],
)
def test_odd_formats_are_refused_for_their_reason(formats, name, code):
    assert code in codes(formats[name], "refuse")


def test_feet_are_told(formats):
    assert "feet" in codes(formats["pdal_autzen_trim_7.las"], "warn")
    assert formats["pdal_autzen_trim_7.las"].used


def test_every_fault_says_which_file_and_what_to_do(formats):
    for report in formats.values():
        assert report.used or codes(report, "refuse")
        for fault in report.faults:
            assert report.name in fault.message
            assert len(fault.message) > 40


def test_malformed_files_are_refused_and_harm_nobody(shared_data):
    folder = shared_data / "lidar" / "malformed"
    report = inspect(sorted(folder.glob("*.la[sz]")), crs=CRS(2154))
    used = {f.name for f in report.used}
    assert used <= {"laspy_append-bug.laz", "lidRbook_corrupted_duplicates.laz"}
    faults = {f.name: codes(f, "refuse") for f in report.files}
    assert faults["pdal_garbage_nVariableLength.las"] == ["bad_header"]
    assert faults["laszip_broken_coder.laz"] == ["unknown_compression"]
    assert faults["laszip_broken_compressor.laz"] == ["unknown_compression"]
    assert faults["laszip_broken_type.laz"] == ["unknown_compression"]
    assert faults["pdal_spurious.las"] == ["geographic_crs"]


def test_damage_inside_a_file_is_found(tmp_path, shared_data):
    data = bytearray((shared_data / "lidar" / "forest" / "fm_class.laz").read_bytes())
    rng = np.random.default_rng(0)
    middle = rng.integers(0, 256, 60_000, np.uint8).tobytes()
    data[len(data) // 2 : len(data) // 2 + 60_000] = middle
    (tmp_path / "torn.laz").write_bytes(bytes(data))
    report = one(tmp_path / "torn.laz")
    assert {*codes(report)} & {"undecodable", "points_outside_bounds"}


def test_mutated_chunks_neither_crash_nor_fill_the_memory(tmp_path, shared_data):
    source = (shared_data / "lidar" / "idtrees" / "OSBS_1.laz").read_bytes()
    points_at = int.from_bytes(source[96:100], "little")
    rng = np.random.default_rng(5)
    for i in range(30):
        data = bytearray(source)
        for at in rng.integers(points_at, len(source), 1 + i):
            data[at] = rng.integers(256)
        (tmp_path / f"{i:02d}.laz").write_bytes(bytes(data))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    report = inspect(tmp_path.glob("*.laz"))
    assert len(report.files) == 30
    assert all(f.used or codes(f, "refuse") for f in report.files)
    assert max(before, 2_000_000) >= resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def test_headers_alone_tell_the_system_but_no_statistics(shared_data):
    report = one(shared_data / "lidar" / "forest" / "bcts_2.laz", decode=False)
    assert (report.points, report.crs_label) == (823_945, "EPSG:3005")
    assert report.statistics is None
    assert report.sha256 is None


def test_a_missing_file_is_a_fault(tmp_path):
    assert codes(one(tmp_path / "gone.laz")) == ["unreadable"]


def test_files_of_another_system_are_refused(tmp_path, grove, las_writer):
    x = np.random.default_rng(1).uniform(0, 100, (3, 2000))
    las_writer(tmp_path / "other.laz", *x, crs=CRS(6681))
    report = inspect([tmp_path / "other.laz", *grove.glob("*.laz")])
    assert report.crs == CRS(6680)
    assert [f.name for f in report.refused] == ["other.laz"]
    assert codes(report.files[-1], "refuse") == ["mixed_crs"]


def test_an_unexpected_zone_is_refused(grove):
    report = inspect(grove.glob("*.laz"), expected=CRS(6681))
    assert not report.used
    assert codes(report.files[0], "refuse") == ["unexpected_crs"]
    assert "EPSG:6681" in report.files[0].faults[-1].message
    assert [f.code for f in report.faults] == ["nothing_to_do"]


def test_the_same_file_twice_is_used_once(tmp_path, grove):
    copy = shutil.copy(grove / "line_1.laz", tmp_path / "zz_copy.laz")
    report = inspect([copy, grove / "line_1.laz"])
    assert [f.name for f in report.used] == ["line_1.laz"]
    assert report.files[1].duplicate_of == "line_1.laz"


def test_the_same_points_stored_otherwise_are_used_once(tmp_path, grove, las_writer):
    points = laspy.read(grove / "line_1.laz")
    turned = np.arange(len(points))[::-1]
    las_writer(
        tmp_path / "zz_turned.las",
        *(np.asarray(points[axis])[turned] for axis in "xyz"),
        version="1.2",
        point_format=1,
        scale=0.001,
        return_number=points.return_number[turned],
    )
    report = inspect([tmp_path / "zz_turned.las", grove / "line_1.laz", grove / "line_2.laz"])
    assert [f.name for f in report.used] == ["line_1.laz", "line_2.laz"]
    assert report.files[2].duplicate_of == "line_1.laz"
    assert "same_points" in codes(report.files[2], "warn")


def test_heights_above_ground_do_not_mix_with_heights_above_the_sea(tmp_path, grove, las_writer):
    rng = np.random.default_rng(2)
    x, y = rng.uniform(58_400, 58_500, 5000), rng.uniform(13_300, 13_400, 5000)
    las_writer(tmp_path / "flat.laz", x, y, np.where(rng.random(5000) < 0.4, 0.0, 15.0))
    report = inspect([tmp_path / "flat.laz", grove / "line_1.laz"])
    assert codes(report.files[0], "refuse") == ["mixed_heights"]


def test_one_point_far_away_is_refused(tmp_path, las_writer):
    x = np.append(np.random.default_rng(3).uniform(0, 100, 500), 2e7)
    path = las_writer(tmp_path / "far.las", x, x / 2, x * 0 + 5, scale=0.1)
    assert codes(one(path), "refuse") == ["bounds_too_large"]
