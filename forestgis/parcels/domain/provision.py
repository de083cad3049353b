"""Who is given which owners of the ledger (情報提供, 森林法施行令10条, 28林整計第395号).

Everything of a lot, its owner's name and address with it, goes to four kinds of
applicants only, each for some lots. Anybody else reads the published part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """Kinds of applicants."""

    OWNER = "owner", _("その土地の所有者・森林所有者、施業又は経営の受託者")
    NEIGHBOUR = "neighbour", _("隣接する土地の所有者・森林所有者、施業又は経営の受託者")
    PLAN_HOLDER = "plan", _("認定森林経営計画を持つ者（道内）")
    AUTHORITY = "authority", _("農林水産大臣・都道府県知事")


class Reason(models.TextChoices):
    """Why a lot, or all of them, are not given."""

    NOT_OWN = "not_own", _("申出者の土地として確かめられていません")
    NOT_ADJOINING = (
        "not_adjoining",
        _("申出者の土地に隣接していません（又は位置が分からず確かめられません）"),
    )
    NO_PLAN = "no_plan", _("認定森林経営計画の番号がないか、計画期間の外です")
    NO_PROOF = "no_proof", _("資格を確かめた書類がありません")


@dataclass(frozen=True, slots=True)
class Request:
    """An application, as far as the rules look at it.

    Attributes
    ----------
    asked : frozenset of int
        Lots that are asked for.
    own : frozenset of int
        Lots that the applicant owns or is entrusted with, as the papers show.
    adjoining : frozenset of int
        Lots that adjoin one of `own`.
    proved : bool
        Whether an officer has noted the papers that were seen.
    plan_number, plan_until
        Of the certified 森林経営計画; its last day.
    on : date
        The day of the decision.
    """

    category: str
    asked: frozenset[int]
    on: date
    own: frozenset[int] = field(default_factory=frozenset)
    adjoining: frozenset[int] = field(default_factory=frozenset)
    proved: bool = False
    plan_number: str = ""
    plan_until: date | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason, and the lots it is about; none where it is about the applicant."""

    reason: Reason
    lots: frozenset[int] = frozenset()


def objections(request: Request) -> list[Objection]:
    """Return what stands against giving the lots; nothing where they may be given."""
    found = [] if request.proved else [Objection(Reason.NO_PROOF)]
    if request.category == Category.OWNER:
        found += _beyond(request.asked, request.own, Reason.NOT_OWN)
    elif request.category == Category.NEIGHBOUR:
        found += _beyond(request.asked, request.adjoining, Reason.NOT_ADJOINING)
    elif request.category == Category.PLAN_HOLDER and not _has_plan(request):
        found.append(Objection(Reason.NO_PLAN))
    return found


def _beyond(asked: frozenset[int], allowed: Iterable[int], reason: Reason) -> list[Objection]:
    rest = asked.difference(allowed)
    return [Objection(reason, rest)] if rest else []


def _has_plan(request: Request) -> bool:
    until = request.plan_until
    return bool(request.plan_number) and until is not None and request.on <= until
