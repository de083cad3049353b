"""What an officer looks at in a felling notice, worked out from the notice, the register and the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from forestgis.notices.domain.periods import notice_window
from forestgis.registry.domain.legal import parameter

Severity = Literal["refuse", "warn", "note"]
#: Notice and drawn area rarely differ more without an error in one of them.
AREA_TOLERANCE = Decimal("0.1")
#: Borders of notice and register differ by some metres: a share outside that means nothing yet.
OUTSIDE_TOLERANCE = Decimal("0.05")
_ORDINARY = frozenset({"", "01"})

_WORDS: dict[str, tuple[Severity, Any]] = {
    "too_late": ("refuse", _("届出が遅すぎます。伐採開始の%(days)s日前（%(last)s）までです（%(article)s）。")),
    "too_early": ("refuse", _("届出が早すぎます。%(first)sからです（%(article)s）。")),
    "felling_order": ("refuse", _("伐採の期間の終わりが始まりより前です。")),
    "regeneration_order": ("refuse", _("造林の期間の終わりが、伐採の始まりより前です。")),
    "no_rate": ("refuse", _("択伐・間伐の伐採率がありません。")),
    "no_area": ("warn", _("区域が描かれていないため、面積と森林を確かめられません。")),
    "area_differs": ("warn", _("届出の面積%(stated)s haと区域の面積%(drawn)s haが1割より大きく違います。")),
    "regeneration_differs": ("warn", _("造林面積の計%(planned)s haが伐採面積%(felled)s haと違います。")),
    "no_regeneration": ("warn", _("主伐ですが、造林の計画も伐採後の用途もありません。")),
    "outside_forest": ("refuse", _("区域が森林簿の森林にありません。届出の対象か確かめてください。")),
    "partly_outside": ("warn", _("区域の%(share)s %%が森林簿の小班の外です。")),
    "protection_forest": ("refuse", _("保安林（%(code)s）の小班%(label)sが入っています。届出でなく道の許可・届出が要ります。")),
    "development": ("warn", _("転用面積が%(limit)s haを超えます。林地開発許可が要るか確かめてください（%(article)s）。")),
    "attachment": ("warn", _("添付書類がありません：%(kind)s（%(article)s）")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; worded when it is shown."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """`refuse`: cannot stand as it is; `warn`: to be looked at."""
        return _WORDS[self.code][0]

    def __str__(self) -> str:
        return str(_WORDS[self.code][1]) % self.values


@dataclass(frozen=True, slots=True)
class StandPart:
    """Part of a notice's area that lies in a 小班."""

    keycode: str
    label: str
    area_ha: Decimal
    protection_code: str


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A notice as far as the checks look at it; areas in ha, `drawn_ha` None without a drawn area."""

    received_on: date
    starts_on: date
    ends_on: date
    method: str
    rate_pct: Decimal | None
    area_ha: Decimal
    drawn_ha: Decimal | None
    regeneration_ha: Decimal
    regeneration_ends_on: date | None
    conversion: str
    solar: bool
    attached: frozenset[str]
    required: tuple[tuple[str, Any], ...]
    parts: tuple[StandPart, ...]

    @property
    def final(self) -> bool:
        """Whether it is a final felling (主伐) and not a thinning."""
        return self.method != "thinning"


def findings(facts: NoticeFacts) -> list[Finding]:
    """Return everything that is to be said about a notice; what cannot stand comes first."""
    found = [*_days(facts), *_amounts(facts), *_place(facts), *_papers(facts)]
    return sorted(found, key=lambda finding: finding.severity != "refuse")


def _days(facts: NoticeFacts) -> Iterator[Finding]:
    window = notice_window(facts.starts_on)
    days = (facts.starts_on - window.last).days
    if facts.received_on > window.last:
        yield Finding("too_late", {"days": days, "last": window.last, "article": window.article})
    if facts.received_on < window.first:
        yield Finding("too_early", {"first": window.first, "article": window.article})
    if facts.ends_on < facts.starts_on:
        yield Finding("felling_order")
    if facts.regeneration_ends_on and facts.regeneration_ends_on < facts.starts_on:
        yield Finding("regeneration_order")


def _amounts(facts: NoticeFacts) -> Iterator[Finding]:
    if facts.method != "clear" and facts.rate_pct is None:
        yield Finding("no_rate")
    if (
        facts.drawn_ha is not None
        and abs(facts.area_ha - facts.drawn_ha) > AREA_TOLERANCE * facts.area_ha
    ):
        yield Finding("area_differs", {"stated": facts.area_ha, "drawn": facts.drawn_ha})
    if facts.final and not facts.conversion:
        if not facts.regeneration_ha:
            yield Finding("no_regeneration")
        elif facts.regeneration_ha != facts.area_ha:
            yield Finding(
                "regeneration_differs",
                {"planned": facts.regeneration_ha, "felled": facts.area_ha},
            )
    if facts.conversion:
        yield from _conversion(facts)


def _conversion(facts: NoticeFacts) -> Iterator[Finding]:
    name = "development_permit_solar_ha" if facts.solar else "development_permit_ha"
    limit = parameter(name, facts.starts_on)
    if facts.area_ha > limit.value:
        yield Finding("development", {"limit": limit.value, "article": limit.article})


def _place(facts: NoticeFacts) -> Iterator[Finding]:
    if facts.drawn_ha is None:
        yield Finding("no_area")
        return
    inside = sum((part.area_ha for part in facts.parts), Decimal(0))
    if not inside:
        yield Finding("outside_forest")
        return
    outside = 1 - inside / facts.drawn_ha if facts.drawn_ha else Decimal(0)
    if outside > OUTSIDE_TOLERANCE:
        yield Finding("partly_outside", {"share": round(outside * 100)})
    for part in facts.parts:
        if part.protection_code not in _ORDINARY:
            yield Finding("protection_forest", {"code": part.protection_code, "label": part.label})


def _papers(facts: NoticeFacts) -> Iterator[Finding]:
    rule = parameter("felling_attachments_required", max(facts.received_on, date(2023, 4, 1)))
    if facts.received_on < rule.valid_from:
        return
    for kind, label in facts.required:
        if kind not in facts.attached:
            yield Finding("attachment", {"kind": label, "article": rule.article})
