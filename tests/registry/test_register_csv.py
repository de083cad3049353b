"""Register rows as CSV: encodings, numbers, codes, storeys, faults with their place."""

from decimal import Decimal

import pytest

from forestgis.registry.domain.faults import RefusedError
from forestgis.registry.imports import stands

HEAD = "KEYCODE,面積,林種コード,樹種1コード,樹種1比率,林齢,樹高,HA当蓄積N,HA当蓄積L,複層区分コード"
GOOD = "11990100410001,3.40,1,23,100,40,18,210,20,"


def write(tmp_path, *lines, encoding="utf-8"):
    path = tmp_path / "調査簿.csv"
    path.write_bytes("\r\n".join((HEAD, *lines)).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_encodings_of_offices_are_read(tmp_path, encoding):
    (row,), faults = stands.read(write(tmp_path, GOOD, encoding=encoding))
    assert faults == []
    assert (row.keycode, row.storey, row.register_area_ha) == ("11990100410001", 1, Decimal("3.40"))
    assert row.values["species1_code"] == "23"
    assert row.values["stock_broadleaf_m3ha"] == Decimal(20)


def test_other_encodings_are_refused(tmp_path):
    with pytest.raises(RefusedError) as refusal:
        stands.read(write(tmp_path, GOOD, encoding="utf-16"))
    assert refusal.value.faults[0].code == "encoding"


def test_spreadsheet_traces_are_mended(tmp_path):
    (row,), faults = stands.read(write(tmp_path, "1150100410001,1,1.0,2,100,４０,,,,"))
    assert faults == []
    assert row.keycode == "01150100410001"
    assert (row.values["species1_code"], row.values["forest_type_code"]) == ("02", "1")
    assert row.values["age"] == 40
    assert row.values["height_m"] is None


def test_storeys_are_separate_rows(tmp_path):
    rows, faults = stands.read(write(tmp_path, GOOD + "1", GOOD + "2"))
    assert faults == []
    assert [row.storey for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("line", "code", "column", "value"),
    [
        ("12-34,3,1,23,100,40,18,210,20,", "bad_keycode", "KEYCODE", "12-34"),
        ("11990100410001,3ha,1,23,100,40,18,210,20,", "bad_number", "面積", "3ha"),
        ("11990100410001,3,1,23,100,40.5,18,210,20,", "bad_number", "林齢", "40.5"),
        ("11990100410001,3,1,23,130,40,18,210,20,", "out_of_range", "樹種1比率", "130"),
        ("11990100410001,3,1,23,100,40,180,210,20,", "out_of_range", "樹高", "180"),
        ("11990100410001,3,1,23,100,40,18,NaN,20,", "bad_number", "HA当蓄積N", "NaN"),
        ("11990100410001,3,1,234,100,40,18,1,20,", "out_of_range", "樹種1コード", "234"),
        ("11990100410001,3,1,23,100,40,18,210,20,9", "out_of_range", "複層区分コード", "9"),
    ],
)
def test_fault_names_line_column_and_value(tmp_path, line, code, column, value):
    rows, (fault,) = stands.read(write(tmp_path, GOOD + "1", "", line))
    assert (fault.code, fault.line, fault.column, fault.value) == (code, 4, column, value)
    assert fault.severity == "refuse"
    assert len(rows) == 1


def test_every_fault_of_a_row_is_told(tmp_path):
    _rows, faults = stands.read(write(tmp_path, "x,y,1,23,100,z,18,210,20,"))
    assert [fault.column for fault in faults] == ["面積", "林齢", "KEYCODE"]


def test_repeated_storey_is_refused(tmp_path):
    _rows, (fault,) = stands.read(write(tmp_path, GOOD, GOOD))
    assert (fault.code, fault.line) == ("duplicate_row", 3)


def test_columns_that_are_not_kept_are_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("KEYCODE,備考\n11990100410001,x\n", "utf-8")
    _rows, (fault,) = stands.read(path)
    assert (fault.code, fault.severity, fault.value) == ("ignored_column", "warn", "備考")


@pytest.mark.parametrize("text", ["", "小班,面積\n1,2\n"])
def test_file_without_keycode_is_refused(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(RefusedError) as refusal:
        stands.read(path)
    assert refusal.value.faults[0].code == "no_column"
