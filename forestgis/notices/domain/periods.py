"""When a felling notice and its reports are due (森林法10条の8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from forestgis.registry.domain.legal import parameter

DueKind = Literal["examine", "letter", "felling_report", "planting_report"]


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day on which something may be handed in, both included, with its article."""

    first: date
    last: date
    article: str

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def notice_window(starts_on: date) -> Window:
    """Return when a notice of felling that starts on a day may be handed in.

    Examples
    --------
    >>> window = notice_window(date(2026, 12, 31))
    >>> window.first, window.last
    (datetime.date(2026, 10, 2), datetime.date(2026, 12, 1))
    """
    earliest = parameter("felling_notice_earliest_days", starts_on)
    latest = parameter("felling_notice_latest_days", starts_on)
    return Window(
        starts_on - timedelta(days=earliest.days),
        starts_on - timedelta(days=latest.days),
        latest.article,
    )


def felling_report_due(ended_on: date) -> date:
    """Return the last day for the report on the felling (伐採に係る森林の状況報告)."""
    return ended_on + timedelta(days=parameter("felling_report_days", ended_on).days)


def planting_report_due(ended_on: date) -> date:
    """Return the last day for the report on what grows after it (伐採後の造林に係る森林の状況報告)."""
    return ended_on + timedelta(days=parameter("planting_report_days", ended_on).days)


@dataclass(frozen=True, slots=True)
class Course:
    """How far a notice is, as far as periods look at it.

    Attributes
    ----------
    examined : bool
        Whether the municipality has looked it through.
    letter_wanted : bool
        Whether a letter was asked for and is not written yet.
    felled_on, planted_on : date or None
        When felling and regeneration ended; the plan's days count until they are reported.
    """

    starts_on: date
    ends_on: date
    regeneration_ends_on: date | None
    examined: bool
    letter_wanted: bool
    felled_on: date | None = None
    planted_on: date | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be done by a day."""

    kind: DueKind
    on: date

    def overdue(self, today: date) -> bool:
        """Whether the day is past."""
        return self.on < today


def next_due(course: Course) -> list[Due]:
    """Return what is to be done next about a notice, by whom the kind says."""
    if not course.examined:
        return [Due("examine", course.starts_on)]
    found = [Due("letter", course.starts_on)] if course.letter_wanted else []
    if course.felled_on is None:
        found.append(Due("felling_report", felling_report_due(course.ends_on)))
    elif course.planted_on is None and course.regeneration_ends_on is not None:
        found.append(Due("planting_report", planting_report_due(course.regeneration_ends_on)))
    return found


def due_until(course: Course, today: date, days: int = 7) -> list[Due]:
    """Return what is due within some days, or overdue."""
    return [due for due in next_due(course) if due.on <= today + timedelta(days=days)]
