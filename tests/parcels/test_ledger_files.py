"""Reading ledger and owner tables."""

from datetime import date
from decimal import Decimal

import pytest

from forestgis.parcels.imports import ledger

HEAD = "大字,字,地番,地目,地積,境界測量,登記所有者氏名,登記所有者住所,登記年月日,現所有者氏名,現所有者住所\n"
ROW = "滝上,,12-1,山林,10000.50,実施済,髙橋　吉郎,滝上町字﨑山1,令和6年4月1日,,\n"


def codes(file):
    return [(fault.code, fault.line) for fault in file.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_ledger_in_the_encodings_of_offices(written, encoding):
    file = ledger.read_ledger(written("台帳.csv", (HEAD + ROW).encode(encoding)), "台帳.csv")
    assert file.faults == []
    (land,) = file.lands
    assert land.values["registered_area_m2"] == Decimal("10000.50")
    assert land.values["survey"] == "done"
    (owner,) = file.owners
    assert (owner.name, owner.address) == ("髙橋 吉郎", "滝上町字﨑山1")
    assert (owner.basis, owner.acquired_on) == ("registered", date(2024, 4, 1))


def test_characters_of_names_stay_as_they_are(written):
    row = "滝上,,1,山林,1,未,𠮷田 神﨑髙,㈱濵田林業　神社前,,,\n"
    (owner,) = ledger.read_ledger(written("a.csv", HEAD + row), "a.csv").owners
    assert owner.name == "𠮷田 神﨑髙"
    assert owner.address == "㈱濵田林業 神社前"


def test_full_width_digits_and_dates_of_both_calendars(written):
    text = HEAD + "滝上,,１２番地の３,山林,１,０００,済,甲,住所,Ｒ６．４．１,,\n".replace(
        "１,０００", '"１,０００"'
    )
    file = ledger.read_ledger(written("a.csv", text), "a.csv")
    assert file.faults == []
    assert (file.lands[0].lot.number, file.lands[0].values["registered_area_m2"]) == ("12-3", 1000)
    assert file.owners[0].acquired_on == date(2024, 4, 1)


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        (ROW + ROW.replace("12-1", "12番地1"), [("duplicate_lot", 3)]),
        (ROW.replace("12-1", "道"), [("bad_lot", 2)]),
        (ROW.replace("10000.50", "一町歩"), [("bad_number", 2)]),
        (ROW.replace("10000.50", "-5"), [("out_of_range", 2)]),
        (ROW.replace("令和6年4月1日", "令和6年13月1日"), [("bad_date", 2)]),
        (ROW.replace("令和6年4月1日", "6/4/1"), [("bad_date", 2)]),
        (ROW.replace("実施済", "やった"), [("out_of_range", 2)]),
        (ROW.replace("髙橋　吉郎", ""), [("owner_without_name", 2)]),
        (
            ROW.replace("12-1", "").replace("10000.50", "x").replace("令和6年4月1日", "y"),
            [("bad_number", 2), ("bad_date", 2)],
        ),
    ],
)
def test_bad_rows_are_named_with_their_line(written, rows, faults):
    file = ledger.read_ledger(written("a.csv", HEAD + rows), "a.csv")
    assert codes(file) == faults


def test_file_without_lot_numbers_or_in_another_encoding_is_refused(written):
    missing = ledger.read_ledger(written("a.csv", "大字,字\n滝上,\n"), "a.csv")
    assert codes(missing) == [("no_column", 1)]
    utf16 = ledger.read_ledger(written("b.csv", (HEAD + ROW).encode("utf-16")), "b.csv")
    assert [code for code, _line in codes(utf16)] == ["encoding"]


def test_co_owners_come_in_rows_of_their_own(written):
    text = (
        "大字,字,地番,区分,氏名,住所,持分,取得日\n滝上,,1,登記,甲,A,1/2,\n滝上,,1,登記,乙,B,1/2,\n"
    )
    file = ledger.read_owners(written("o.csv", text), "o.csv")
    assert [(owner.name, owner.share) for owner in file.owners] == [("甲", "1/2"), ("乙", "1/2")]
