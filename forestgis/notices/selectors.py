"""Reads of notices and treatments; the acting principal's policies decide which rows there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from forestgis.audit.services import record_read
from forestgis.notices.areas import hectares, stand_parts
from forestgis.notices.domain.checks import Finding, NoticeFacts, findings
from forestgis.notices.domain.periods import Due, due_until
from forestgis.notices.models import Attachment, FellingNotice, NoticeParty, Treatment
from forestgis.parcels.models import Parcel
from forestgis.registry.geometry import to_shapely

_SHAPES = ("geom", "geom_3857", "label_3857")
_PLACES = tuple(f"municipality__{name}" for name in _SHAPES)
State, Method, Kind = FellingNotice.State, FellingNotice.Method, Attachment.Kind
_ALWAYS = (Kind.MAP, Kind.IDENTITY, Kind.TITLE)
_FINAL = (Kind.CHECKLIST, Kind.HAULING)


def notices(text: str = "", state: str = "", municipality: str = "") -> QuerySet[FellingNotice]:
    """Find notices by number or place, state and municipality, newest first."""
    found = FellingNotice.objects.select_related("municipality").defer(*_SHAPES, *_PLACES)
    if text:
        found = found.filter(
            Q(number__icontains=text) | Q(place__icontains=text) | Q(keycodes__contains=[text])
        )
    if state in State.values:
        found = found.filter(state=state)
    return found.filter(municipality=municipality) if municipality else found


def notice(pk: int) -> FellingNotice | None:
    """Return a notice, without its persons."""
    return FellingNotice.objects.select_related("municipality").filter(pk=pk).first()


def parties_of(notice: FellingNotice) -> list[NoticeParty]:
    """Read the persons of a notice for its handling; the reading is written down, with its number as the purpose."""
    parties = list(NoticeParty.objects.filter(notice=notice))
    if parties:
        record_read(
            f"伐採届 {notice.number}",
            NoticeParty._meta.db_table,
            str(notice.pk),
            municipality_code=notice.municipality_id,
            rows=len(parties),
        )
    return parties


def attachments_of(notice: FellingNotice) -> QuerySet[Attachment]:
    """List the papers of a notice."""
    return Attachment.objects.filter(notice=notice).select_related("added_by")


def attachment(pk: int) -> Attachment | None:
    """Return one paper to be read; the reading is written down."""
    found = Attachment.objects.select_related("notice").filter(pk=pk).first()
    if found is not None:
        record_read(
            f"伐採届 {found.notice.number} 添付書類",
            Attachment._meta.db_table,
            str(pk),
            municipality_code=found.municipality_id,
        )
    return found


def facts_of(notice: FellingNotice) -> NoticeFacts:
    """Return a notice as its checks look at it."""
    geom = None if notice.geom is None else to_shapely(notice.geom)
    attached = Attachment.objects.filter(notice=notice).values_list("kind", flat=True)
    kinds = _ALWAYS if notice.method == Method.THINNING else (*_ALWAYS, *_FINAL)
    return NoticeFacts(
        received_on=notice.received_on,
        starts_on=notice.starts_on,
        ends_on=notice.ends_on,
        method=notice.method,
        rate_pct=notice.rate_pct,
        area_ha=notice.area_ha,
        drawn_ha=hectares(geom, notice.municipality),
        regeneration_ha=notice.regeneration_ha,
        regeneration_ends_on=notice.regeneration_ends_on,
        conversion=notice.conversion,
        solar=notice.solar,
        attached=frozenset(attached),
        required=tuple((str(kind), kind.label) for kind in kinds),
        parts=stand_parts(notice.municipality, geom),
    )


def findings_of(notice: FellingNotice) -> tuple[NoticeFacts, list[Finding]]:
    """Return the facts of a notice, and what is to be said about them."""
    facts = facts_of(notice)
    return facts, findings(facts)


def lots_of(notice: FellingNotice) -> QuerySet[Parcel]:
    """List the lots that the area of a notice touches."""
    if notice.geom is None:
        return Parcel.objects.none()
    web = notice.geom.transform(3857, clone=True)
    lots = Parcel.objects.filter(municipality=notice.municipality_id, geom_3857__intersects=web)
    return lots.defer("geom", "local_geom", "geom_3857", "label_3857")[:50]


@dataclass(frozen=True, slots=True)
class DueNotice:
    """Something to be done about a notice by a day."""

    notice: FellingNotice
    due: Due
    overdue: bool


def due_notices(today: date | None = None, days: int = 7) -> list[DueNotice]:
    """List what is due within some days and what is overdue, the oldest first."""
    day = today or timezone.localdate()
    running = notices().exclude(state__in=(State.DONE, State.WITHDRAWN))
    found = [
        DueNotice(row, due, due.overdue(day))
        for row in running
        for due in due_until(row.course, day, days)
    ]
    return sorted(found, key=lambda item: (item.due.on, item.notice.pk))


def notices_of(municipality_code: str, keycode: str) -> QuerySet[FellingNotice]:
    """List the notices that concern a 小班, newest first."""
    rows = FellingNotice.objects.filter(
        municipality=municipality_code, keycodes__contains=[keycode]
    )
    return rows.exclude(state=State.WITHDRAWN).defer(*_SHAPES)


def treatments(
    year: int | None = None, kind: str = "", municipality: str = "", keycode: str = ""
) -> QuerySet[Treatment]:
    """Find treatments, newest first."""
    found = Treatment.objects.select_related("municipality", "notice").defer(
        *_SHAPES, *_PLACES, *(f"notice__{name}" for name in _SHAPES)
    )
    wanted: dict[str, Any] = {
        "fiscal_year": year,
        "kind": kind if kind in Treatment.Kind.values else None,
        "municipality": municipality or None,
        "keycodes__contains": [keycode] if keycode else None,
    }
    return found.filter(**{name: value for name, value in wanted.items() if value is not None})


@dataclass(frozen=True, slots=True)
class YearTotals:
    """Areas in ha of one year, in the order of the kinds."""

    year: int
    areas_ha: tuple[Decimal | None, ...]
    total_ha: Decimal


def treatment_totals(found: QuerySet[Treatment]) -> tuple[list[str], list[YearTotals]]:
    """Sum areas by year and kind; only kinds that occur are listed."""
    sums = found.order_by().values("fiscal_year", "kind").annotate(area=Sum("area_ha"))
    by_year: dict[int, dict[str, Decimal]] = {}
    for row in sums:
        by_year.setdefault(row["fiscal_year"], {})[row["kind"]] = row["area"]
    kinds = [kind for kind in Treatment.Kind if any(kind in year for year in by_year.values())]
    years = [
        YearTotals(year, tuple(areas.get(kind) for kind in kinds), _sum(areas.values()))
        for year, areas in sorted(by_year.items(), reverse=True)
    ]
    return [str(kind.label) for kind in kinds], years


def _sum(areas: Iterable[Decimal]) -> Decimal:
    return sum(areas, Decimal(0))
