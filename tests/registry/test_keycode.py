"""KEYCODE as files have it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forestgis.registry.domain.keycode import KeycodeError, normalised, parse


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("01150100120034", "01150100120034"),
        (1150100120034, "01150100120034"),
        (1150100120034.0, "01150100120034"),
        ("1150100120034.0", "01150100120034"),
        (" ０１１５０１００１２００３４ ", "01150100120034"),
    ],
)
def test_lost_zeros_and_full_width_digits_are_restored(value, expected):
    assert normalised(value) == expected


@pytest.mark.parametrize("value", ["", None, "12-34", "1.15E+12", "011501001200345", "-5"])
def test_what_is_no_keycode_is_refused(value):
    with pytest.raises(KeycodeError):
        normalised(value)


def test_parts_and_label():
    key = parse("01150110120034")
    assert (key.bureau, key.municipality, key.sheet) == (1, 15, 1)
    assert key.label == "1012-34"


@given(st.integers(min_value=0, max_value=10**14 - 1))
def test_normalising_is_idempotent_and_keeps_the_number(number):
    once = normalised(number)
    assert len(once) == 14
    assert int(once) == number
    assert normalised(once) == once
