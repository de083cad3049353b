"""Reads of papers about lots: applications, corrections, notices of owners."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone

from forestgis.audit.services import record_read
from forestgis.parcels.domain.lots import lot_number
from forestgis.parcels.domain.provision import Category, Request
from forestgis.parcels.models import (
    Case,
    OwnerNotice,
    Parcel,
    ProvidedRow,
    Provision,
    ProvisionParcel,
)
from forestgis.registry.domain.legal import parameter
from forestgis.registry.domain.zones import epsg_of_zone
from forestgis.registry.models import Municipality
from forestgis.web.domain.years import fiscal_year_of

AnyCase = TypeVar("AnyCase", bound=Case)
_SHAPES = ("geom", "local_geom", "geom_3857", "label_3857")


def cases(model: type[AnyCase]) -> QuerySet[AnyCase]:
    """List the cases of a kind, newest first."""
    places = (f"municipality__{name}" for name in ("geom", "geom_3857", "label_3857"))
    return model._default_manager.select_related("municipality", "decided_by").defer(*places)


def opened(model: type[AnyCase], pk: int) -> AnyCase | None:
    """Return a case for its handling; the reading of its persons is written down, with its number as the purpose."""
    case = cases(model).filter(pk=pk).first()
    if case is not None:
        table = model._meta.db_table
        purpose = f"{model._meta.verbose_name} {case.number}"
        record_read(purpose, table, str(pk), municipality_code=case.municipality_id)
    return case


def lots_of(provision: Provision, role: str) -> list[Parcel]:
    """List the lots of an application that are asked for, or the applicant's own."""
    return list(named(provision.lots.filter(role=role).values_list("parcel_id", flat=True)))


def lots_of_notice(notice: OwnerNotice) -> list[Parcel]:
    """List the lots of a notice."""
    return list(named(notice.lots.values_list("parcel_id", flat=True)))


def named(pks: Iterable[int]) -> QuerySet[Parcel]:
    """Return lots by key, without their shapes."""
    return Parcel.objects.filter(pk__in=list(pks)).defer(*_SHAPES)


def request_of(provision: Provision, on: date | None = None) -> Request:
    """Return an application as the rules of provision look at it."""
    roles = list(provision.lots.values_list("parcel_id", "role"))
    asked = frozenset(pk for pk, role in roles if role == ProvisionParcel.Role.ASKED)
    own = frozenset(pk for pk, role in roles if role == ProvisionParcel.Role.OWN)
    neighbours = provision.category == Category.NEIGHBOUR
    return Request(
        category=provision.category,
        asked=asked,
        # Who asks for the own land names it once; the papers that were seen are about it.
        own=own or (asked if provision.category == Category.OWNER else own),
        adjoining=adjoining(provision.municipality, own) if neighbours else frozenset(),
        proved=bool(provision.proof.strip()),
        plan_number=provision.plan_number,
        plan_until=provision.plan_until,
        on=on or timezone.localdate(),
    )


def adjoining(municipality: Municipality, own: Iterable[int]) -> frozenset[int]:
    """Return the lots that adjoin one of the given lots; lots without a place adjoin nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_adjoining(), {"own": list(own), "epsg": epsg_of_zone(municipality.zone)})
        return frozenset(pk for (pk,) in cursor.fetchall())


@cache
def _adjoining() -> str:
    return resources.files("forestgis.parcels").joinpath("sql/adjoining.sql").read_text("utf-8")


def provided(provision: Provision) -> list[ProvidedRow]:
    """Read what an application was given, as long as it may be used; the reading is written down."""
    rows = list(
        ProvidedRow.objects.filter(provision=provision)
        .select_related("parcel")
        .defer(*(f"parcel__{name}" for name in _SHAPES))
        .order_by("parcel__oaza", "parcel__aza", "parcel__lot_main", "parcel__lot", "basis")
    )
    if rows:
        record_read(
            f"情報提供 {provision.number}：{provision.purpose}"[:200],
            ProvidedRow._meta.db_table,
            str(provision.pk),
            municipality_code=provision.municipality_id,
            rows=len(rows),
        )
    return rows


def owner_notice_due(notice: OwnerNotice) -> date:
    """Return the last day for handing in the notice (森林法10条の7の2)."""
    days = parameter("owner_notice_days", notice.acquired_on).days
    return notice.acquired_on + timedelta(days=days)


def resolved(municipality: Municipality, text: str) -> tuple[list[Parcel], list[str]]:
    """Find the lots that lines of text name, ``滝上 12-3`` each.

    Returns
    -------
    parcels : list of Parcel
    unknown : list of str
        Lines that name no lot of the municipality, or more than one.
    """
    found: list[Parcel] = []
    unknown: list[str] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        matches = [parcel for parcel in _named_like(municipality, line) if parcel not in found]
        if len(matches) == 1:
            found += matches
        else:
            unknown.append(line)
    return found, unknown


def _named_like(municipality: Municipality, line: str) -> list[Parcel]:
    *places, number = line.split()
    lots = Parcel.objects.filter(municipality=municipality, lot=lot_number(number)).defer(*_SHAPES)
    wanted = "".join(places)
    return [lot for lot in lots if not wanted or wanted in (lot.oaza + lot.aza, lot.aza, lot.oaza)]


def next_number(model: type[Model], municipality: Municipality, day: date) -> str:
    """Suggest the number of the next paper of the fiscal year: ``2026-12``; the model has `number` and `municipality`."""
    year = fiscal_year_of(day)
    taken = model._default_manager.filter(
        municipality=municipality, number__startswith=f"{year}-"
    ).values_list("number", flat=True)
    numbers = [int(text.partition("-")[2]) for text in taken if text.partition("-")[2].isdigit()]
    return f"{year}-{max(numbers, default=0) + 1}"
