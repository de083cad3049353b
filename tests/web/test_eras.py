"""Dates in both calendars, against dates printed in official notices."""

from datetime import date

import pytest

from forestgis.web.domain.eras import in_english, in_japanese


@pytest.mark.parametrize(
    ("day", "japanese", "english"),
    [
        (date(2019, 4, 30), "2019年4月30日（平成31年）", "30 April 2019 (Heisei 31)"),
        (date(2019, 5, 1), "2019年5月1日（令和元年）", "1 May 2019 (Reiwa 1)"),
        (date(2026, 11, 24), "2026年11月24日（令和8年）", "24 November 2026 (Reiwa 8)"),
        (date(1989, 1, 7), "1989年1月7日（昭和64年）", "7 January 1989 (Showa 64)"),
        (date(1989, 1, 8), "1989年1月8日（平成元年）", "8 January 1989 (Heisei 1)"),
        (date(1920, 1, 1), "1920年1月1日", "1 January 1920"),
    ],
)
def test_date_in_both_calendars(day, japanese, english):
    assert in_japanese(day) == japanese
    assert in_english(day) == english
