"""What a 森林経営計画 must hold to be certified (森林法11条, 施行令3条, 施行規則33条)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from django.db import models
from django.utils.translation import gettext_lazy as _

from forestgis.registry.domain.legal import Parameter, parameter
from forestgis.web.domain.years import fiscal_year_of

Severity = Literal["refuse", "warn"]


class PlanKind(models.TextChoices):
    """Kinds of plans."""

    COMPARTMENT = "compartment", _("林班計画")
    ZONE = "zone", _("区域計画")
    OWNER = "owner", _("属人計画")


_WORDS: dict[str, tuple[Severity, Any]] = {
    "period": ("refuse", _("計画期間が%(years)s年ではありません。%(starts)sからなら%(ends)sまでです（%(article)s）。")),
    "no_stands": ("refuse", _("対象の小班がありません。")),
    "share": ("refuse", _("林班%(compartments)sの面積の%(share)s %%です。%(least)s %%以上が要ります（%(article)s）。")),
    "apart": ("refuse", _("林班%(compartments)sが隣り合っていません。")),
    "zone_area": ("refuse", _("対象が%(area)s haです。区域計画は%(least)s ha以上です（%(article)s）。")),
    "no_zone": ("refuse", _("市町村森林整備計画に定める区域の名前がありません。")),
    "own_area": ("refuse", _("自ら所有する森林が%(area)s haです。属人計画は%(least)s ha以上です（%(article)s）。")),
    "not_all": ("warn", _("所有・受託する森林のすべてを対象にしていることを確かめていません。")),
    "stranger": ("refuse", _("計画の対象にない小班の施業です：%(label)s")),
    "outside_period": ("refuse", _("計画期間の外の施業です：%(label)s %(year)s年度")),
    "too_much": ("refuse", _("%(label)s：施業の面積%(area)s haが小班の面積%(stand)s haを超えます。")),
    "no_regeneration": ("warn", _("%(label)s：皆伐の後の造林が計画にありません。")),
    "elsewhere": ("warn", _("%(label)sは別の計画（%(plan)s）の対象です。")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; worded when it is shown."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """`refuse`: the plan cannot be certified; `warn`: to be looked at."""
        return _WORDS[self.code][0]

    def __str__(self) -> str:
        return str(_WORDS[self.code][1]) % self.values


@dataclass(frozen=True, slots=True)
class PlanStandFacts:
    """A 小班 of a plan, its area in ha in the plan."""

    keycode: str
    label: str
    compartment: int
    area_ha: Decimal
    own: bool


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """A planned operation."""

    keycode: str
    label: str
    kind: str
    fiscal_year: int
    area_ha: Decimal


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan as far as its checks look at it.

    Attributes
    ----------
    compartments_ha : mapping
        Area in ha of each 林班 that the plan touches, by number.
    neighbours : frozenset of pairs
        Pairs of those 林班 that adjoin, smaller number first.
    elsewhere : mapping
        KEYCODE to the number of another plan in force that has it.
    """

    kind: str
    starts_on: date
    ends_on: date
    zone_name: str
    covers_all: bool
    stands: tuple[PlanStandFacts, ...]
    operations: tuple[OperationFacts, ...]
    compartments_ha: Mapping[int, Decimal]
    neighbours: frozenset[tuple[int, int]] = frozenset()
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def area_ha(self) -> Decimal:
        """Area of the plan."""
        return sum((stand.area_ha for stand in self.stands), Decimal(0))


def last_day(starts_on: date) -> date:
    """Return the last day of a plan that starts on a day.

    Examples
    --------
    >>> last_day(date(2027, 4, 1))
    datetime.date(2032, 3, 31)
    """
    years = parameter("plan_years", starts_on).days
    try:
        after = starts_on.replace(year=starts_on.year + years)
    except ValueError:  # 29 February
        after = starts_on.replace(year=starts_on.year + years, month=3, day=1)
    return after - timedelta(days=1)


def findings(facts: PlanFacts) -> list[Finding]:
    """Return everything that is to be said about a plan; what cannot stand comes first."""
    found = [*_period(facts), *_size(facts), *_operations(facts), *_elsewhere(facts)]
    return sorted(found, key=lambda finding: finding.severity != "refuse")


def _period(facts: PlanFacts) -> Iterator[Finding]:
    rule = parameter("plan_years", facts.starts_on)
    ends = last_day(facts.starts_on)
    if facts.ends_on != ends:
        values = {
            "years": rule.days,
            "starts": facts.starts_on,
            "ends": ends,
            "article": rule.article,
        }
        yield Finding("period", values)


def _size(facts: PlanFacts) -> Iterator[Finding]:
    if not facts.stands:
        yield Finding("no_stands")
    elif facts.kind == PlanKind.COMPARTMENT:
        yield from _compartments(facts)
    elif facts.kind == PlanKind.ZONE:
        if not facts.zone_name:
            yield Finding("no_zone")
        yield from _at_least("zone_area", facts.area_ha, parameter("plan_zone_ha", facts.starts_on))
    else:
        own = sum((stand.area_ha for stand in facts.stands if stand.own), Decimal(0))
        yield from _at_least("own_area", own, parameter("plan_owner_ha", facts.starts_on))
    if facts.stands and not facts.covers_all:
        yield Finding("not_all")


def _at_least(code: str, area_ha: Decimal, rule: Parameter) -> Iterator[Finding]:
    if area_ha < rule.value:
        yield Finding(code, {"area": area_ha, "least": rule.value, "article": rule.article})


def _compartments(facts: PlanFacts) -> Iterator[Finding]:
    """Half of one 林班, or of several that adjoin."""
    rule = parameter("plan_compartment_share", facts.starts_on)
    numbers = sorted({stand.compartment for stand in facts.stands})
    names = "、".join(map(str, numbers))
    whole = sum((facts.compartments_ha.get(number, Decimal(0)) for number in numbers), Decimal(0))
    if whole and facts.area_ha / whole < rule.value:
        share = (facts.area_ha / whole * 100).quantize(Decimal("0.1"))
        values = {"compartments": names, "share": share, "least": round(rule.value * 100)}
        yield Finding("share", values | {"article": rule.article})
    if not _connected(numbers, facts.neighbours):
        yield Finding("apart", {"compartments": names})


def _connected(numbers: list[int], neighbours: frozenset[tuple[int, int]]) -> bool:
    reached, edge = set(numbers[:1]), list(numbers[:1])
    while edge:
        here = edge.pop()
        beside = {b if a == here else a for a, b in neighbours if here in (a, b)}
        new = (beside & set(numbers)) - reached
        reached |= new
        edge += new
    return reached == set(numbers)


def _operations(facts: PlanFacts) -> Iterator[Finding]:
    areas = {stand.keycode: stand.area_ha for stand in facts.stands}
    first, last = fiscal_year_of(facts.starts_on), fiscal_year_of(facts.ends_on)
    regenerated = {o.keycode for o in facts.operations if o.kind in {"planting", "natural"}}
    for operation in facts.operations:
        label = operation.label
        if operation.keycode not in areas:
            yield Finding("stranger", {"label": label})
            continue
        if not first <= operation.fiscal_year <= last:
            yield Finding("outside_period", {"label": label, "year": operation.fiscal_year})
        if operation.area_ha > areas[operation.keycode]:
            values = {"area": operation.area_ha, "stand": areas[operation.keycode]}
            yield Finding("too_much", {"label": label} | values)
        if operation.kind == "clear" and operation.keycode not in regenerated:
            yield Finding("no_regeneration", {"label": label})


def _elsewhere(facts: PlanFacts) -> Iterator[Finding]:
    for stand in facts.stands:
        if stand.keycode in facts.elsewhere:
            yield Finding(
                "elsewhere", {"label": stand.label, "plan": facts.elsewhere[stand.keycode]}
            )
