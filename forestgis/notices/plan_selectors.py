"""Reads of 森林経営計画; the acting principal's policies decide which rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources

from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils import timezone

from forestgis.audit.services import record_read
from forestgis.notices.domain.plans import (
    Finding,
    OperationFacts,
    PlanFacts,
    PlanStandFacts,
    findings,
)
from forestgis.notices.models import ManagementPlan, PlanHolder, PlanOperation, PlanStand, Treatment
from forestgis.registry.domain.zones import epsg_of_zone
from forestgis.registry.models import Subcompartment

_PLACES = tuple(f"municipality__{name}" for name in ("geom", "geom_3857", "label_3857"))
State = ManagementPlan.State


def plans(text: str = "", kind: str = "", state: str = "") -> QuerySet[ManagementPlan]:
    """Find plans by name, kind and state, the newest first, with their area as `area_ha`."""
    found = ManagementPlan.objects.select_related("municipality").defer(*_PLACES)
    if text:
        found = found.filter(name__icontains=text)
    if kind:
        found = found.filter(kind=kind)
    if state in State.values:
        found = found.filter(state=state)
    # Stated, since a sum drops the order of the table.
    return found.annotate(area_ha=Sum("stands__area_ha")).order_by("-starts_on", "-id")


def plan(pk: int) -> ManagementPlan | None:
    """Return a plan, without its holders."""
    return (
        ManagementPlan.objects.select_related("municipality").defer(*_PLACES).filter(pk=pk).first()
    )


def holders_of(plan: ManagementPlan) -> list[PlanHolder]:
    """Read who made a plan, for its handling; the reading is written down under the plan's name."""
    holders = list(PlanHolder.objects.filter(plan=plan))
    if holders:
        record_read(
            f"森林経営計画 {plan.name}"[:200],
            PlanHolder._meta.db_table,
            str(plan.pk),
            municipality_code=plan.municipality_id,
            rows=len(holders),
        )
    return holders


def findings_of(plan: ManagementPlan) -> tuple[PlanFacts, list[Finding]]:
    """Return the facts of a plan, and what is to be said about them."""
    facts = facts_of(plan)
    return facts, findings(facts)


def facts_of(plan: ManagementPlan) -> PlanFacts:
    """Return a plan as its checks look at it."""
    stands = list(plan.stands.all())
    numbers = sorted({stand.compartment_number for stand in stands})
    edition = stands[0].edition if stands else 0
    return PlanFacts(
        kind=plan.kind,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        zone_name=plan.zone_name,
        covers_all=plan.covers_all,
        stands=tuple(
            PlanStandFacts(s.keycode, s.label, s.compartment_number, s.area_ha, s.own)
            for s in stands
        ),
        operations=tuple(
            OperationFacts(o.keycode, o.label, o.kind, o.fiscal_year, o.area_ha)
            for o in plan.operations.all()
        ),
        compartments_ha=_compartment_areas(plan, edition, numbers),
        neighbours=_neighbours(plan, edition, numbers),
        elsewhere=_elsewhere(plan, [stand.keycode for stand in stands]),
    )


def _compartment_areas(
    plan: ManagementPlan, edition: int, numbers: list[int]
) -> dict[int, Decimal]:
    rows = Subcompartment.objects.filter(
        municipality=plan.municipality_id, edition=edition, compartment_number__in=numbers
    )
    sums = rows.order_by().values("compartment_number").annotate(area=Sum("area_ha"))
    return {row["compartment_number"]: row["area"] for row in sums}


def _neighbours(
    plan: ManagementPlan, edition: int, numbers: list[int]
) -> frozenset[tuple[int, int]]:
    if len(numbers) <= 1:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(
            _adjoining(),
            {
                "municipality": plan.municipality_id,
                "edition": edition,
                "numbers": numbers,
                "epsg": epsg_of_zone(plan.municipality.zone),
            },
        )
        return frozenset((one, other) for one, other in cursor.fetchall())


@cache
def _adjoining() -> str:
    file = resources.files("forestgis.notices").joinpath("sql/adjoining_compartments.sql")
    return file.read_text("utf-8")


def _elsewhere(plan: ManagementPlan, keycodes: list[str]) -> dict[str, str]:
    """小班 that another certified plan has in the same years."""
    rows = PlanStand.objects.filter(
        municipality=plan.municipality_id,
        keycode__in=keycodes,
        plan__state=State.CERTIFIED,
        plan__starts_on__lte=plan.ends_on,
        plan__ends_on__gte=plan.starts_on,
    ).exclude(plan=plan.pk)
    return {row.keycode: row.plan.number or row.plan.name for row in rows.select_related("plan")}


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned operation, and how many ha of it the treatment history has."""

    operation: PlanOperation
    done_ha: Decimal


def operations_of(plan: ManagementPlan) -> list[Planned]:
    """List the planned operations with what was done of each: same 小班, same treatment, within the plan's years."""
    operations = list(plan.operations.all())
    done: dict[tuple[str, str], Decimal] = {}
    rows = Treatment.objects.filter(
        municipality=plan.municipality_id,
        keycodes__overlap=[operation.keycode for operation in operations],
        done_on__range=(plan.starts_on, plan.ends_on),
    )
    for keycodes, kind, area in rows.values_list("keycodes", "kind", "area_ha"):
        for keycode in keycodes:
            done[keycode, kind] = done.get((keycode, kind), Decimal(0)) + area
    return [
        Planned(operation, done.get((operation.keycode, operation.kind), Decimal(0)))
        for operation in operations
    ]


def plans_of(municipality_code: str, keycode: str, on: date | None = None) -> list[ManagementPlan]:
    """List the plans in force that have a 小班."""
    day = on or timezone.localdate()
    rows = ManagementPlan.objects.filter(
        municipality=municipality_code, stands__keycode=keycode, state=State.CERTIFIED
    )
    return list(rows.filter(starts_on__lte=day, ends_on__gte=day).distinct())
