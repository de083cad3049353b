"""The quality report of a batch: figures, thresholds, maps, page."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from lidar.core.tables import read_table
from lidar.run import RunParams, check
from lidar.run.survey_report import checks

SHIFT_M = 0.15


@pytest.fixture(scope="module")
def checked(las_writer, tmp_path_factory):
    """Two lines over a slope, half overlapping: the second lies too high and too bright."""
    folder = tmp_path_factory.mktemp("lines")
    rng = np.random.default_rng(11)
    for line, (west, east) in ((1, (0, 160)), (2, (80, 240))):
        n = 5 * (east - west) * 100
        x, y = rng.uniform(west, east, n) + 58_400, rng.uniform(0, 100, n) + 13_300
        las_writer(
            folder / f"line_{line}.laz",
            x,
            y,
            300 + 0.3 * (x - 58_400) + (line - 1) * SHIFT_M + rng.normal(0, 0.01, n),
            classification=2,
            point_source_id=line,
            intensity=100 * line,
            scan_angle=line * 2000,
            gps_time=200_000.0 + line * 3600,
        )
    out = folder / "out"
    return check(sorted(folder.glob("*.laz")), out, params=RunParams(tile_m=100), workers=0), out


def test_the_fault_between_lines_is_measured(checked):
    report, _ = checked
    (pair,) = report["survey"]["line_pairs"]
    assert (pair["line_a"], pair["line_b"]) == (1, 2)
    assert pair["difference_mean_m"] == pytest.approx(-SHIFT_M, abs=0.01)
    assert pair["intensity_ratio"] == pytest.approx(0.5, abs=0.001)
    assert report["survey"]["overlap_share"] == pytest.approx(1 / 3, abs=0.05)


def test_thresholds_tell_what_is_not_kept(checked):
    report, _ = checked
    kept = {c["key"]: c["kept"] for c in report["checks"]}
    assert kept["pulse_density_median"] is True
    assert kept["empty_share"] is True
    assert kept["strip_difference_rmsd_m"] is False
    assert kept["intensity_ratio_worst"] is False


def test_times_of_lines_are_told_by_weekday_where_the_week_is_unknown(checked):
    report, _ = checked
    times = report["batch"]["files"][0]["statistics"]["line_times"]
    # 203600 s of the week are Tuesday 08:33:20 by GPS, 18 leap seconds earlier by UTC
    assert times == {"1": ("Tue 08:33Z", "Tue 08:33Z")}


def test_the_report_is_a_page_of_its_own_with_maps(checked):
    report, out = checked
    page = (out / "quality.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=['\"]?(http|//|[a-z]+/)", page)
    for check_ in report["checks"]:
        assert check_["title_ja"] in page
    assert page.count("data:image/png;base64,") == len(list((out / "quality").glob("*.png"))) == 6
    for path in (out / "quality").glob("*.png"):
        image = np.asarray(Image.open(path).convert("L"))
        assert image.shape[1] > 300
        assert image.std() > 0


def test_the_json_is_what_was_returned(checked):
    report, out = checked
    assert json.loads((out / "quality.json").read_text())["survey"] == json.loads(
        json.dumps(report["survey"])
    )
    assert sorted(p.name for p in out.iterdir()) == ["quality", "quality.html", "quality.json"]


def test_thresholds_have_sources_and_days():
    rows = read_table("quality_thresholds.csv")
    assert all(row["source"] and row["valid_from"] and row["title_ja"] for row in rows)
    measured = dict.fromkeys((row["key"] for row in rows), 0.0)
    assert checks(measured, "1990-01-01") == []
    assert len(checks(measured, "2026-01-01")) == len(rows)
