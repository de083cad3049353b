"""What is typed into the search box, and how lot numbers are found."""

import re

import pytest

from forestgis.registry.domain.search import Words, lot_patterns, municipality_named, read_words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("12-34", Words(compartment=12, number=34)),
        ("１２－３４", Words(compartment=12, number=34)),
        ("0012-0034", Words(compartment=12, number=34)),
        ("12林班34小班", Words(compartment=12, number=34)),
        ("12の34", Words(compartment=12, number=34)),
        ("12林班", Words(compartment=12)),
        ("12-", Words(compartment=12)),
        ("12", Words(compartment=12)),
        ("01559000120034", Words(keycode="01559000120034")),
        # As a spreadsheet leaves it: the leading zero is gone.
        ("1559000120034", Words(keycode="01559000120034")),
        ("滝上町　12-34", Words(compartment=12, number=34, rest=("滝上町",))),
        ("字川上 豊里", Words(rest=("字川上", "豊里"))),
        ("120034", Words(rest=("120034",))),
        ("", Words()),
    ],
)
def test_search_box(typed, words):
    assert read_words(typed) == words


@pytest.mark.parametrize(
    ("word", "code"),
    [("滝上町", "01560"), ("滝上", "01560"), ("滝", ""), ("町", ""), ("takinoue", "")],
)
def test_municipality_by_its_whole_name(word, code):
    assert municipality_named(word, {"01560": "滝上町", "01561": "興部町"}) == code


@pytest.mark.parametrize(
    ("sought", "lot", "there"),
    [
        ("123-4", "字川上123番4", True),
        ("123-4", "字川上１２３番地４", True),
        ("123番地の4", "123-4", True),
        ("123-4", "字川上1123番4", False),
        ("123-4", "字川上123番45", False),
        ("123", "字川上123番4", True),
        ("123", "字川上1234番", False),
        ("川上 123-4", "字川上123番4", True),
        ("川上 123-4", "字東123番4", False),
        ("(", "字川上(甲)", True),
        ("川.", "字川上", False),
    ],
)
def test_lot_numbers(sought, lot, there):
    assert all(re.search(pattern, lot) for pattern in lot_patterns(sought)) is there
