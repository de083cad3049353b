"""Rounding, intervals and writing of volumes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forestgis.surveys.domain.figures import interval_90, rounded, written


@pytest.mark.parametrize(
    ("value", "expected"),
    [(12.25, "12.3"), (12.24, "12.2"), (0.04, "0.0"), (0.0, "0.0"), (99999.95, "99999.9")],
)
def test_rounding_is_half_up_of_the_stored_float(value, expected):
    # 99999.95 is stored as 99999.949999...: rounding must not see the decimal that was typed
    assert rounded(value) == Decimal(expected)


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_missing_figures_stay_missing(missing):
    assert rounded(missing) is None
    assert written(rounded(missing)) == "―"


def test_interval_is_the_normal_one():
    # 1.6449 is the 95 % quantile of tables of the normal distribution
    assert interval_90(Decimal("100.0"), Decimal("10.0")) == (Decimal("83.6"), Decimal("116.4"))


def test_interval_never_starts_below_zero():
    assert interval_90(Decimal("5.0"), Decimal("10.0")) == (Decimal("0.0"), Decimal("21.4"))


def test_interval_needs_an_error():
    assert interval_90(Decimal("5.0"), None) is None


@given(st.floats(min_value=0, max_value=1e8))
def test_written_figures_can_be_read_back(value):
    assert Decimal(written(rounded(value)).replace(",", "")) == rounded(value)
