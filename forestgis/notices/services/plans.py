"""森林経営計画: received, certified or refused, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from forestgis.notices import plan_selectors
from forestgis.notices.access import check_may_handle
from forestgis.notices.areas import stands_named
from forestgis.notices.errors import (
    BadLineError,
    NotCertifiableError,
    NumberTakenError,
    UnknownStandError,
    WrongStateError,
)
from forestgis.notices.models import ManagementPlan, PlanHolder, PlanOperation, PlanStand, Treatment
from forestgis.registry.models import Municipality, Subcompartment

State = ManagementPlan.State
_TWO = Decimal("0.01")
_ENTRUSTED = "受託"
#: Words of plans for what is done, whatever the reader's language.
_KINDS: dict[str, str] = {
    "地拵え": Treatment.Kind.SITE,
    "植栽": Treatment.Kind.PLANTING,
    "造林": Treatment.Kind.PLANTING,
    "天然更新": Treatment.Kind.NATURAL,
    "下刈り": Treatment.Kind.WEEDING,
    "下刈": Treatment.Kind.WEEDING,
    "除伐": Treatment.Kind.CLEANING,
    "枝打ち": Treatment.Kind.PRUNING,
    "枝打": Treatment.Kind.PRUNING,
    "間伐": Treatment.Kind.THINNING,
    "択伐": Treatment.Kind.SELECTIVE,
    "皆伐": Treatment.Kind.CLEAR,
    "主伐": Treatment.Kind.CLEAR,
    "獣害対策": Treatment.Kind.PROTECTION,
    "その他": Treatment.Kind.OTHER,
}
_FEWEST, _MOST = 4, 5


@dataclass(frozen=True, slots=True)
class Content:
    """小班 and operations of a plan, unsaved."""

    stands: list[PlanStand]
    operations: list[PlanOperation]


def content(municipality: Municipality, stands: str, operations: str) -> Content:
    """Read the lines of a plan.

    Parameters
    ----------
    municipality : Municipality
        Its current register names the 小班.
    stands : str
        ``林班-小班 [面積ha] [受託]`` a line; the register's area where none is stated.
    operations : str
        ``林班-小班 施業 年度 面積ha [材積m3]`` a line.

    Raises
    ------
    UnknownStandError, BadLineError
    """
    return Content(
        [_stand(municipality, line) for line in _lines(stands)],
        [_operation(municipality, line) for line in _lines(operations)],
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _named(municipality: Municipality, name: str, line: str) -> Subcompartment:
    try:
        return stands_named(municipality, name)[0]
    except UnknownStandError as error:
        raise BadLineError(line=line, reason=str(error)) from error


def _stand(municipality: Municipality, line: str) -> PlanStand:
    name, *rest = line.split()
    stand = _named(municipality, name, line)
    own = _ENTRUSTED not in rest
    stated = [word for word in rest if word not in {_ENTRUSTED, "所有"}]
    area = _number(stated[0], line) if stated else (stand.register_area_ha or stand.area_ha)
    return PlanStand(
        municipality=municipality,
        edition=stand.edition,
        keycode=stand.keycode,
        label=stand.label,
        compartment_number=stand.compartment_number,
        area_ha=area.quantize(_TWO),
        own=own,
    )


def _operation(municipality: Municipality, line: str) -> PlanOperation:
    words = line.split()
    if not _FEWEST <= len(words) <= _MOST:
        raise BadLineError(line=line, reason=_("小班、施業、年度、面積の順に書いてください。"))
    name, kind, year, area, *volume = words
    if kind not in _KINDS:
        raise BadLineError(line=line, reason=_("知らない施業です：%(kind)s") % {"kind": kind})
    if not year.isdecimal():
        raise BadLineError(
            line=line, reason=_("年度が数字ではありません：%(year)s") % {"year": year}
        )
    stand = _named(municipality, name, line)
    return PlanOperation(
        municipality=municipality,
        keycode=stand.keycode,
        label=stand.label,
        kind=_KINDS[kind],
        fiscal_year=int(year),
        area_ha=_number(area, line).quantize(_TWO),
        volume_m3=_number(volume[0], line) if volume else None,
    )


def _number(text: str, line: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise BadLineError(
            line=line, reason=_("数ではありません：%(text)s") % {"text": text}
        ) from error
    if not number.is_finite() or not 0 < number < 1_000_000:
        raise BadLineError(line=line, reason=_("値が範囲の外です。"))
    return number


def receive(plan: ManagementPlan, holders: Iterable[PlanHolder], given: Content) -> ManagementPlan:
    """Store a plan as it was applied for; whether it can be certified is for the examination.

    Raises
    ------
    NotYoursError, NoPersonsError
    """
    check_may_handle(plan.municipality_id)
    with transaction.atomic():
        plan.save(force_insert=True)
        rows: list[PlanHolder | PlanStand | PlanOperation]
        rows = [*holders, *given.stands, *given.operations]
        for row in rows:
            row.plan = plan
            row.municipality = plan.municipality
            row.save(force_insert=True)
    return plan


def certify(plan: ManagementPlan, number: str, on: date) -> ManagementPlan:
    """Certify a plan against which nothing stands.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError, NumberTakenError
    NotCertifiableError
        With every reason.
    """
    with transaction.atomic():
        locked = _locked(plan, {State.APPLIED})
        _facts, found = plan_selectors.findings_of(locked)
        against = [str(finding) for finding in found if finding.severity == "refuse"]
        if against:
            raise NotCertifiableError(reasons="".join(against))
        taken = ManagementPlan.objects.filter(municipality=locked.municipality_id, number=number)
        if taken.exists():
            raise NumberTakenError(number=number)
        return _changed(locked, state=State.CERTIFIED, number=number, decided_on=on)


def refuse(plan: ManagementPlan, note: str, on: date) -> ManagementPlan:
    """Note that a plan is not certified, and why.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError
    """
    with transaction.atomic():
        locked = _locked(plan, {State.APPLIED})
        return _changed(locked, state=State.REFUSED, decision_note=note, decided_on=on)


def revoke(plan: ManagementPlan, note: str, on: date) -> ManagementPlan:
    """Note that a certification was taken back, and why.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError
    """
    with transaction.atomic():
        locked = _locked(plan, {State.CERTIFIED})
        return _changed(locked, state=State.REVOKED, decision_note=note, decided_on=on)


def _locked(plan: ManagementPlan, allowed: Iterable[str]) -> ManagementPlan:
    check_may_handle(plan.municipality_id)
    locked = (
        ManagementPlan.objects.select_for_update(of=("self",))
        .select_related("municipality")
        .get(pk=plan.pk)
    )
    if locked.state not in allowed:
        raise WrongStateError(state=locked.get_state_display())
    return locked


def _changed(plan: ManagementPlan, **values: Any) -> ManagementPlan:  # noqa: ANN401
    for name, value in values.items():
        setattr(plan, name, value)
    plan.save(update_fields=list(values))
    return plan
