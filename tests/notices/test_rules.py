"""Periods, checks and kinds of files as pure functions."""

import io
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from forestgis.notices.domain import media
from forestgis.notices.domain.checks import NoticeFacts, StandPart, findings
from forestgis.notices.domain.periods import (
    Course,
    due_until,
    felling_report_due,
    next_due,
    notice_window,
    planting_report_due,
)
from forestgis.registry.domain.legal import UnknownParameterError, parameter, parameters

START, END = date(2027, 1, 15), date(2027, 2, 28)


def test_window_is_90_to_30_days_before_counted_by_calendar():
    """Counted on a calendar: 15 January 2027 is day 0; 16 December 2026 is 30 days before, 17 October 90 days."""
    window = notice_window(START)
    assert (window.first, window.last) == (date(2026, 10, 17), date(2026, 12, 16))
    assert window.first in window
    assert window.last in window
    assert window.first - timedelta(days=1) not in window
    assert window.last + timedelta(days=1) not in window
    assert "第10条の8" in window.article


def test_reports_are_due_30_days_after():
    assert felling_report_due(date(2027, 2, 28)) == date(2027, 3, 30)
    assert planting_report_due(date(2028, 2, 1)) == date(2028, 3, 2)  # 2028 is a leap year


def test_every_parameter_has_an_article_a_source_and_a_day():
    assert len(parameters()) >= 12
    assert all(
        row.article and row.source and row.checked in {"law", "secondary"} for row in parameters()
    )
    with pytest.raises(UnknownParameterError):
        parameter("felling_notice_latest_days", date(1950, 1, 1))


COURSE = Course(START, END, date(2028, 5, 31), examined=False, letter_wanted=True)


@pytest.mark.parametrize(
    ("course", "due"),
    [
        (COURSE, [("examine", START)]),
        (replace(COURSE, examined=True), [("letter", START), ("felling_report", date(2027, 3, 30))]),
        (replace(COURSE, examined=True, letter_wanted=False), [("felling_report", date(2027, 3, 30))]),
        (
            replace(COURSE, examined=True, letter_wanted=False, felled_on=END),
            [("planting_report", date(2028, 6, 30))],
        ),
        (replace(COURSE, examined=True, letter_wanted=False, felled_on=END, regeneration_ends_on=None), []),
        (replace(COURSE, examined=True, letter_wanted=False, felled_on=END, planted_on=END), []),
    ],
)  # fmt: skip
def test_what_is_next(course, due):
    assert [(item.kind, item.on) for item in next_due(course)] == due


@pytest.mark.parametrize(
    ("today", "shown", "overdue"),
    [
        (date(2027, 1, 7), False, False),
        (date(2027, 1, 8), True, False),
        (date(2027, 1, 16), True, True),
    ],
)
def test_a_week_ahead_and_overdue(today, shown, overdue):
    found = due_until(COURSE, today)
    assert bool(found) is shown
    assert any(item.overdue(today) for item in found) is overdue


PARTS = (StandPart("1" * 14, "12-34", Decimal("2.00"), "01"),)
GOOD = NoticeFacts(
    received_on=date(2026, 12, 1), starts_on=START, ends_on=END, method="clear", rate_pct=None,
    area_ha=Decimal("2.00"), drawn_ha=Decimal("2.05"), regeneration_ha=Decimal("2.00"),
    regeneration_ends_on=date(2028, 5, 31), conversion="", solar=False, attached=frozenset({"map"}),
    required=(("map", "区域図"),), parts=PARTS,
)  # fmt: skip


def codes(**changes):
    return [finding.code for finding in findings(replace(GOOD, **changes))]


def test_a_good_notice_has_nothing_to_say():
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"received_on": date(2026, 12, 17)}, ["too_late"]),
        ({"received_on": date(2026, 12, 16)}, []),
        ({"received_on": date(2026, 10, 16)}, ["too_early"]),
        ({"ends_on": date(2027, 1, 14)}, ["felling_order"]),
        ({"regeneration_ends_on": date(2027, 1, 1)}, ["regeneration_order"]),
        ({"method": "thinning", "regeneration_ha": Decimal(0)}, ["no_rate"]),
        ({"method": "selective"}, ["no_rate"]),
        ({"drawn_ha": Decimal("2.21")}, ["area_differs", "partly_outside"]),
        ({"drawn_ha": None}, ["no_area"]),
        ({"parts": ()}, ["outside_forest"]),
        ({"parts": (replace(PARTS[0], protection_code="11"),)}, ["protection_forest"]),
        ({"regeneration_ha": Decimal("1.00")}, ["regeneration_differs"]),
        ({"regeneration_ha": Decimal(0)}, ["no_regeneration"]),
        ({"regeneration_ha": Decimal(0), "conversion": "駐車場"}, ["development"]),
        ({"regeneration_ha": Decimal(0), "conversion": "太陽光", "solar": True}, ["development"]),
        ({"attached": frozenset()}, ["attachment"]),
        (
            {
                "attached": frozenset(),
                "received_on": date(2022, 12, 1),
                "starts_on": date(2023, 1, 15),
            },
            [],
        ),
    ],
)
def test_each_fault_is_found(changes, expected):
    assert codes(**changes) == expected


def test_solar_plants_need_a_permit_from_half_a_hectare():
    small = {"area_ha": Decimal("0.60"), "drawn_ha": Decimal("0.60"), "conversion": "発電"}
    small["parts"] = (replace(PARTS[0], area_ha=Decimal("0.60")),)
    assert codes(**small) == []
    assert codes(**small, solar=True) == ["development"]


def test_findings_are_worded_with_their_values():
    (finding,) = findings(replace(GOOD, received_on=date(2026, 12, 17)))
    assert finding.severity == "refuse"
    assert "2026-12-16" in str(finding)


def office(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("図.pdf", b"%PDF-1.7 ...", media.PDF),
        ("写真.JPG", b"\xff\xd8\xff\xe0", media.JPEG),
        ("a.png", b"\x89PNG\r\n\x1a\n", media.PNG),
        ("a.docx", office("[Content_Types].xml", "word/document.xml"), media.DOCX),
        ("a.xlsx", office("xl/workbook.xml"), media.XLSX),
    ],
)
def test_kind_is_told_by_content(name, content, kind):
    assert media.checked(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("図.pdf", b"MZ\x90\x00", media.UnknownMediaError),
        ("図.pdf", b"<html><script>", media.UnknownMediaError),
        ("図.pdf", b"", media.UnknownMediaError),
        ("図.pdf", b"\xff\xd8\xff\xe0", media.OtherMediaError),
        ("図.exe", b"%PDF-1.7", media.OtherMediaError),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin"), media.UnknownMediaError),
        ("a.docx", office("xl/workbook.xml"), media.OtherMediaError),
        ("a.docx", office("readme.txt"), media.UnknownMediaError),
        ("a.docx", b"PK\x03\x04broken", media.UnknownMediaError),
    ],
)
def test_file_that_lies_about_its_kind_is_refused(name, content, error):
    with pytest.raises(error):
        media.checked(name, content)
