"""Dates in both calendars, against dates printed in official notices."""

from datetime import date

import pytest

from forestgis.web.domain.eras import in_english, in_japanese, read_day


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


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和6年4月1日", date(2024, 4, 1)),
        ("R6.4.1", date(2024, 4, 1)),
        ("r06/04/01", date(2024, 4, 1)),
        ("令和６年４月１日", date(2024, 4, 1)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成33年3月31日", date(2021, 3, 31)),
        ("S64.1.7", date(1989, 1, 7)),
        ("大正9年1月1日", date(1920, 1, 1)),
        ("2024-04-01", date(2024, 4, 1)),
        ("２０２４／４／１", date(2024, 4, 1)),
        ("20240401", date(2024, 4, 1)),
        ("2024-04-01 00:00:00", date(2024, 4, 1)),
        ("  ", None),
    ],
)
def test_dates_of_offices_are_read(text, day):
    assert read_day(text) == day


@pytest.mark.parametrize(
    "text", ["令和元年4月30日", "R6.13.1", "6年4月1日", "令和0年5月1日", "X6.4.1", "不明"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_day(text)
