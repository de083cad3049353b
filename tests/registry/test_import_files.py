"""Registers as offices send them: the published ZIP, other headings, and everything that can be wrong with a file."""

import csv
import shutil
import signal
import subprocess
import sys
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
import xlsxwriter
from shapely.geometry import MultiPolygon, Point, Polygon, box

from forestgis.audit.models import Entry
from forestgis.audit.selectors import history_of
from forestgis.registry import services
from forestgis.registry.domain.faults import RefusedError
from forestgis.registry.geometry import to_geos
from forestgis.registry.imports import archive, package, stands, tables
from forestgis.registry.models import Compartment, Edition, Municipality, Stand, Subcompartment
from forestgis.tenancy.principal import Principal, transaction_as
from tests.registry.conftest import SOUTH, WEST, in_degrees, square, write_polygons

ROOT = Path(__file__).resolve().parents[2]
PREFECTURE = Principal("prefecture", can_write=True)
OWNER = Principal("municipal", codes=("01560",), can_write=True)
# Bureau 01: a spreadsheet drops the leading zero.
KEYS = ["01150100410001", "01150100410002", "01150100420001"]
HEAD = ["KEYCODE", "林班", "小班", "面積", "林種コード", "樹種1コード", "樹種1比率", "林齢", "HA当蓄積L", "複層区分コード"]  # fmt: skip


@pytest.fixture(scope="module")
def place(database):
    area = in_degrees(box(WEST - 4000, SOUTH - 4000, WEST + 8000, SOUTH + 8000))
    with transaction_as(PREFECTURE):
        services.load_codes(2024)
        return Municipality.objects.create(
            code="01560",
            code6="015601",
            name="滝上町",
            bureau="",
            zone=12,
            geom=to_geos(MultiPolygon([area])),
        )


@pytest.fixture(autouse=True)
def empty(place):
    yield
    with transaction_as(PREFECTURE):
        Subcompartment.objects.all().delete()
        Compartment.objects.all().delete()
        Edition.objects.all().delete()


def rows(*, age=40):
    return [
        [int(KEYS[0]), 41, 1, 1.0, 2, 98, 100, age, 120.5, None],
        [int(KEYS[1]), 41, 2, 2.0, 1, 17, 100, 50, 0, 1],
        [int(KEYS[1]), 41, 2, 2.0, 2, 64, 100, 80, 60, 2],
        [int(KEYS[2]), 42, 1, 1.0, 2, 99, 100, 90, 150, None],
    ]


def workbook(path, lines, head=HEAD):
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("調査簿データ")
    for number, line in enumerate([head, *lines]):
        sheet.write_row(number, 0, line)
    book.close()
    return path


def published(folder, *, age=40, leave_out=(), keys=None, shapes=None):
    """The ZIP as published: cp932 names, 小班 in parts, 林班, 調査簿 as XLSX."""
    parts = folder / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    keys = keys or [KEYS[0], KEYS[1], KEYS[1], KEYS[2]]
    shapes = shapes or [square(0, 0), square(1, 0), square(4, 0), square(0, 1)]
    write_polygons(parts / "01_渡島小班.shp", keys, shapes, encoding="cp932")
    write_polygons(parts / "01_渡島林班.shp", ["x"], [square(0, 0)], encoding="cp932")
    workbook(parts / "01_渡島_調査簿データ.xlsx", rows(age=age))
    target = folder / "01oshima.zip"
    with zipfile.ZipFile(target, "w") as whole:
        for file in sorted(parts.iterdir()):
            if file.name not in leave_out:
                entry = WindowsEntry("渡島/" + file.name)
                whole.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


class WindowsEntry(zipfile.ZipInfo):
    """An entry named as Windows does: cp932 bytes, no mark of UTF-8."""

    def _encodeFilenameFlags(self):  # noqa: N802 - overrides zipfile's
        return self.filename.encode("cp932"), self.flag_bits & ~0x800


def run(place, path, *, principal=OWNER, edition=2024, rows=None, **terms):
    with transaction_as(principal):
        return services.import_files(
            municipality=place,
            edition=edition,
            path=path,
            rows=rows,
            terms=services.Terms(**{"dry_run": False} | terms),
        )


def codes(report, severity="refuse"):
    return [fault.code for fault in report.faults if fault.severity == severity]


def test_the_published_zip_goes_in_as_it_is(place, tmp_path):
    report = run(place, published(tmp_path))
    assert report.stored
    assert codes(report, "warn") == []
    assert (report.polygons, report.rows, report.new) == (3, 4, 3)
    with transaction_as(OWNER):
        sub = Subcompartment.objects.get(keycode=KEYS[1])
        storeys = list(Stand.objects.filter(subcompartment=sub).order_by("storey"))
        assert len(sub.geom) == 2  # detached parts
        # Two storeys on one ground: the area is that of the ground, not of both.
        assert (sub.area_ha, sub.register_area_ha) == (Decimal(2), Decimal(2))
        assert [(s.storey, s.species1_code, s.age) for s in storeys] == [
            (1, "17", 50),
            (2, "64", 80),
        ]
        edition = Edition.objects.get(year=2024)
        assert (edition.state, edition.source, len(edition.sha256)) == (
            "current",
            "01oshima.zip",
            64,
        )


def test_a_dry_run_stores_nothing(place, tmp_path):
    report = run(place, published(tmp_path), dry_run=True)
    assert (report.new, report.stored, report.acceptable) == (3, False, True)
    with transaction_as(OWNER):
        assert not Subcompartment.objects.exists()
        assert not Edition.objects.exists()


def test_the_next_year_is_compared_with_the_one_in_use(place, tmp_path):
    run(place, published(tmp_path), edition=2023)
    report = run(place, published(tmp_path, age=41), edition=2024, dry_run=True)
    assert (report.compared_with, report.changed, report.unchanged) == (2023, 1, 2)


def test_the_same_year_again_keeps_rows_and_their_history(place, tmp_path):
    run(place, published(tmp_path))
    with transaction_as(OWNER):
        before = dict(Subcompartment.objects.values_list("keycode", "pk"))
        stand = Stand.objects.get(subcompartment__keycode=KEYS[0])
    report = run(place, published(tmp_path, age=41))
    assert (report.compared_with, report.new, report.changed, report.removed) == (2024, 0, 1, 0)
    with transaction_as(OWNER):
        assert dict(Subcompartment.objects.values_list("keycode", "pk")) == before
        assert [c.after for c in history_of("registry_stand", stand.pk)][:1] == [{"age": 41}]
        # Nothing is written down for what did not change.
        assert Entry.objects.filter(table_name="registry_stand", action="update").count() == 1


def test_an_older_year_does_not_take_over(place, tmp_path):
    run(place, published(tmp_path), edition=2024)
    run(place, published(tmp_path), edition=2023)
    with transaction_as(OWNER):
        states = dict(Edition.objects.values_list("year", "state"))
    assert states == {2023: "loaded", 2024: "current"}


# --- other headings and formats ------------------------------------------------------


def test_other_headings_go_through_a_mapping(place, tmp_path):
    polygons = write_polygons(tmp_path / "a.gpkg", KEYS[:1], [square(0, 0)])
    table = tmp_path / "b.csv"
    table.write_bytes(
        "鍵,林齢（年）,所有者氏名,取得日\n1150100410001,４０,山田,令和6年4月1日\n".encode("cp932")
    )
    mapping = {"keycode": "鍵", "age": "林齢（年）", "as_of": "取得日"}
    report = run(place, polygons, rows=table, mapping=mapping)
    assert report.stored
    assert codes(report, "warn") == ["personal_column"]
    with transaction_as(OWNER):
        stand = Stand.objects.get()
    assert (stand.age, stand.as_of) == (40, date(2024, 4, 1))


def test_a_mapping_that_names_no_column_is_told(place, tmp_path):
    polygons = write_polygons(tmp_path / "a.gpkg", KEYS[:1], [square(0, 0)])
    table = tmp_path / "b.csv"
    table.write_text("KEYCODE,林齢\n1150100410001,40\n", "utf-8")
    report = run(place, polygons, rows=table, mapping={"age": "齢"})
    assert [(f.code, f.value, f.detail) for f in report.faults if f.severity == "refuse"] == [
        ("no_column", "齢", "KEYCODE、林齢")
    ]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_polygons_may_carry_the_register_themselves(place, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb([in_degrees(square(0, 0))]),
        field_data=[np.array([KEYS[0]], dtype=object), np.array([77])],
        fields=["KEYCODE", "林齢"],
        geometry_type="Polygon",
        crs="EPSG:6668",
    )
    assert run(place, path).stored
    with transaction_as(OWNER):
        assert Stand.objects.get().age == 77


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和6年4月1日", date(2024, 4, 1)),
        ("R6.4.1", date(2024, 4, 1)),
        ("平成元年５月３日", date(1989, 5, 3)),
        ("2024/4/1", date(2024, 4, 1)),
        ("2024年4月1日", date(2024, 4, 1)),
    ],
)
def test_dates_of_both_calendars(tmp_path, text, day):
    path = tmp_path / "a.csv"
    path.write_text(f"KEYCODE,データ時点\n1150100410001,{text}\n", "utf-8")
    (row,), faults = stands.read(path)
    assert (row.values["as_of"], faults) == (day, [])


def test_what_is_no_date_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("KEYCODE,データ時点\n1150100410001,令和6年13月1日\n", "utf-8")
    _rows, (fault,) = stands.read(path)
    assert (fault.code, fault.line, fault.column, fault.value) == (
        "bad_date", 2, "データ時点", "令和6年13月1日",
    )  # fmt: skip


def test_spreadsheet_dates_and_numbers_read_as_text(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    book.add_worksheet("空")
    sheet = book.add_worksheet("表")
    sheet.write_row(2, 1, ["KEYCODE", "データ時点"])
    sheet.write(4, 1, 1150100410001)
    sheet.write_datetime(4, 2, date(2024, 4, 1), book.add_format({"num_format": "yyyy/m/d"}))
    book.close()
    table = tables.read(tmp_path / "a.xlsx")
    assert table.headings == ["KEYCODE", "データ時点"]
    assert list(table.rows) == [(5, ["1150100410001", "2024-04-01"])]


# --- bad input -----------------------------------------------------------------------


def refused(call, *args, **kwargs):
    with pytest.raises(RefusedError) as refusal:
        call(*args, **kwargs)
    return [fault.code for fault in refusal.value.faults]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"7z\xbc\xaf\x27\x1c", b"hello"])
def test_not_a_zip(place, tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    report = run(place, path)
    assert (codes(report), report.stored) == (["not_zip"], False)


@pytest.mark.parametrize(
    "name", ["../a.shp", "x/../../a.shp", "/etc/a.shp", "C:\\a.shp", "..\\a.shp"]
)
def test_names_that_climb_out_are_refused_and_nothing_is_written(tmp_path, name):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as whole:
        whole.writestr("good.csv", "x")
        whole.writestr(name, "x")
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    assert refused(archive.unpacked, path, target) == ["climbing_path"]
    assert list(target.iterdir()) == []


def test_a_link_in_a_zip_becomes_a_plain_file(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as whole:
        link = zipfile.ZipInfo("a.csv")
        link.external_attr = 0o120777 << 16
        whole.writestr(link, "/etc/passwd")
    (file,), _faults = archive.unpacked(path, tmp_path)
    assert not file.is_symlink()
    assert file.read_text() == "/etc/passwd"


def test_a_bomb_is_stopped_while_it_is_unpacked(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("a.csv", b"\0" * (40 << 20))
    assert refused(archive.unpacked, path, tmp_path) == ["zip_bomb"]
    small = archive.Limits(total_bytes=1 << 20, ratio=10_000)
    assert refused(archive.unpacked, path, tmp_path, small) == ["zip_bomb"]
    assert refused(archive.unpacked, path, tmp_path, archive.Limits(files=0)) == ["zip_bomb"]


def test_what_is_no_use_is_left_in_the_zip_and_told(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as whole:
        whole.writestr("run.exe", "x")
        whole.writestr("a.csv", "x")
    files, faults = archive.unpacked(path, tmp_path)
    assert [file.name for file in files] == ["a.csv"]
    assert [(f.code, f.value) for f in faults] == [("ignored_file", "run.exe")]


@pytest.mark.parametrize("suffix", [".prj", ".dbf", ".shx"])
def test_a_missing_part_of_the_shapefile_is_named(place, tmp_path, suffix):
    report = run(place, published(tmp_path, leave_out=[f"01_渡島小班{suffix}"]))
    assert [(f.code, f.value) for f in report.faults] == [("missing_part", suffix)]


def test_a_missing_prj_can_be_stated(place, tmp_path):
    path = published(tmp_path, leave_out=["01_渡島小班.prj"])
    assert run(place, path, epsg=6680).stored


def test_two_registers_in_one_zip_are_not_guessed_at(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as whole:
        for name in ("小班1.gpkg", "小班2.gpkg"):
            whole.writestr(name, "x")
    assert refused(package.opened, path, tmp_path) == ["ambiguous_file"]


def test_mixed_encodings_are_told_with_their_lines(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(
        "KEYCODE,代表地番\n1,札滑\n".encode("cp932")
        + "2,滝ノ上\n".encode()
        + "3,札滑\n".encode("cp932")
    )
    with pytest.raises(RefusedError) as refusal:
        stands.read(path)
    (fault,) = refusal.value.faults
    assert (fault.code, fault.line, fault.detail) == ("mixed_encoding", 3, "UTF-8: 3, cp932: 1")


def test_a_million_empty_rows_do_no_harm(tmp_path):
    path = workbook(tmp_path / "a.xlsx", rows())
    blank = "".join(
        f'<row r="{number}"><c r="A{number}" s="0"/></row>' for number in range(6, 1_000_006)
    )
    assert len(list(tables.read(rewritten(path, tmp_path / "b.xlsx", blank)).rows)) == 4


def test_a_sheet_that_claims_all_cells_is_refused_before_it_is_read(tmp_path):
    path = workbook(tmp_path / "a.xlsx", rows())
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    broken = rewritten(path, tmp_path / "b.xlsx", far)
    assert refused(lambda: list(tables.read(broken).rows)) == ["too_many_cells"]
    beyond = '<row r="4000000000"><c r="A4000000000"><v>1</v></c></row>'
    broken = rewritten(path, tmp_path / "c.xlsx", beyond)
    assert refused(lambda: list(tables.read(broken).rows)) == ["too_many_cells"]


def rewritten(path, target, more):
    """The workbook with more rows at the end of its sheet."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", more.encode() + b"</sheetData>")
            new.writestr(entry.filename, data)
    return target


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04"])
def test_what_is_no_workbook_is_refused(place, tmp_path, content):
    polygons = write_polygons(tmp_path / "a.gpkg", KEYS[:1], [square(0, 0)])
    table = tmp_path / "b.xlsx"
    table.write_bytes(content)
    assert codes(run(place, polygons, rows=table)) == ["unreadable"]


def test_one_keycode_on_two_overlapping_polygons_is_refused(place, tmp_path):
    path = write_polygons(tmp_path / "a.gpkg", [KEYS[0]] * 2, [square(0, 0), square(0.5, 0)])
    report = run(place, path)
    (fault,) = report.faults
    assert (fault.code, fault.line, fault.value, fault.detail) == (
        "duplicate_keycode", 2, KEYS[0], "1、2",
    )  # fmt: skip


def test_a_crossing_smaller_than_a_square_metre_leaves_no_sliver(place, tmp_path):
    x, y = WEST, SOUTH
    hooked = Polygon(
        [(x, y), (x + 100, y), (x + 100, y + 100), (x + 50, y + 100), (x + 49, y + 101), (x + 51, y + 101),
         (x + 50, y + 99.5), (x, y + 100)]
    )  # fmt: skip
    report = run(place, write_polygons(tmp_path / "a.gpkg", KEYS[:1], [hooked]))
    assert report.stored
    assert "repaired" in codes(report, "warn")
    with transaction_as(OWNER):
        sub = Subcompartment.objects.get()
    assert all(part.transform(6680, clone=True).area >= 1 for part in sub.geom)


def test_a_polygon_without_area_is_refused(place, tmp_path):
    flat = Polygon([(WEST, SOUTH), (WEST + 10, SOUTH), (WEST + 20, SOUTH), (WEST, SOUTH)])
    path = write_polygons(tmp_path / "a.gpkg", KEYS[:2], [flat, square(0, 0)])
    report = run(place, path)
    assert [(f.code, f.line) for f in report.faults] == [("not_repairable", 1)]


def test_a_polygon_in_the_sea_is_refused(place, tmp_path):
    sea = Point(WEST + 90_000, SOUTH + 90_000).buffer(50)
    path = write_polygons(tmp_path / "a.gpkg", KEYS[:2], [square(0, 0), sea])
    report = run(place, path)
    assert [(f.code, f.line) for f in report.faults] == [("outside_municipality", 2)]


def test_a_report_of_many_faults_is_short_and_counts_all(place, tmp_path):
    table = tmp_path / "a.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["KEYCODE", "林齢"], *([KEYS[0], "x"] for _ in range(300))])
    polygons = write_polygons(tmp_path / "a.gpkg", KEYS[:1], [square(0, 0)])
    shown = run(place, polygons, rows=table).to_dict()
    assert shown["fault_totals"]["bad_number"] == 300
    assert len([f for f in shown["faults"] if f["code"] == "bad_number"]) == 100


# --- killed --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["read", "stage", "store"])
def test_a_kill_at_any_stage_leaves_the_edition_as_it_was(place, tmp_path, stage):
    keys = [f"011501{number // 40 + 1:04d}{number % 40 + 1:04d}" for number in range(3000)]
    shapes = [square(number % 60, number // 60) for number in range(3000)]
    run(place, published(tmp_path), edition=2024)
    with transaction_as(OWNER):
        before = fingerprint()
    path = write_polygons(tmp_path / "new.gpkg", keys, shapes)
    command = [sys.executable, "manage.py", "import_register", str(path), "--store", "-v2"]
    process = subprocess.Popen(
        [*command, "--municipality", "01560", "--edition", "2024"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    reached = next((line for line in process.stderr if line.startswith(stage)), None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert reached
    with transaction_as(OWNER):
        assert fingerprint() == before
    # The lock went with the process: the import can be started again.
    assert run(place, published(tmp_path, age=55)).stored


def fingerprint():
    return (
        list(Subcompartment.objects.order_by("pk").values_list("pk", "keycode", "area_ha")),
        list(Stand.objects.order_by("pk").values_list("pk", "age", "species1_code")),
        list(Compartment.objects.order_by("pk").values_list("pk", "number")),
        list(Edition.objects.values_list("year", "state", "loaded_at")),
    )
