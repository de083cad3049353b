"""Lot numbers however an office writes them."""

import pytest

from forestgis.parcels.domain.lots import lot, lot_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12-3", "12-3"),
        ("１２番地の３", "12-3"),
        ("12番地3", "12-3"),
        ("12番3", "12-3"),
        ("12ノ3", "12-3"),
        ("１２－３", "12-3"),
        ("0012-0003", "12-3"),
        ("12番地", "12"),
        ("12 - 3 - 1", "12-3-1"),
        ("100", "100"),
        ("12-3-甲", "12-3-甲"),
        ("道", "道"),
        (None, ""),
    ],
)
def test_lot_number(text, number):
    assert lot_number(text) == number


def test_words_and_widths_of_a_place_do_not_matter():
    assert (
        lot("大字滝上", "字　オシラネップ", "１２番３").key
        == lot("滝上", "オシラネップ", "12-3").key
    )
    assert lot("滝ヶ原", "", "1").key == lot("滝ケ原", "", "1").key
    assert lot("滝上", "", "1").key != lot("", "滝上", "1").key


@pytest.mark.parametrize(("text", "numbered"), [("12-3", True), ("道", False), ("", False)])
def test_roads_and_waters_have_no_number(text, numbered):
    assert lot("滝上", "", text).numbered is numbered


def test_order_of_lots_is_by_number():
    assert sorted(["100", "9-1", "20"], key=lambda text: lot("", "", text).main) == [
        "9-1",
        "20",
        "100",
    ]
