"""Who is given which owners: the table of 28林整計第395号, case by case."""

from datetime import date

import pytest

from forestgis.parcels.domain.provision import Category, Reason, Request, objections

TODAY = date(2026, 11, 24)
ASKED, OWN, OTHER = frozenset({1, 2}), frozenset({1, 2, 3}), frozenset({9})


def reasons(category, **more):
    request = Request(category=category, asked=ASKED, on=TODAY, proved=True, **more)
    return [(objection.reason, set(objection.lots)) for objection in objections(request)]


@pytest.mark.parametrize(
    ("category", "more", "expected"),
    [
        (Category.OWNER, {"own": OWN}, []),
        (Category.OWNER, {"own": frozenset({1})}, [(Reason.NOT_OWN, {2})]),
        (Category.OWNER, {}, [(Reason.NOT_OWN, {1, 2})]),
        (Category.NEIGHBOUR, {"own": OTHER, "adjoining": ASKED}, []),
        (Category.NEIGHBOUR, {"own": OTHER, "adjoining": frozenset({2})}, [(Reason.NOT_ADJOINING, {1})]),
        (Category.NEIGHBOUR, {"own": OWN}, [(Reason.NOT_ADJOINING, {1, 2})]),
        (Category.PLAN_HOLDER, {"plan_number": "滝上-3", "plan_until": TODAY}, []),
        (Category.PLAN_HOLDER, {"plan_number": "滝上-3", "plan_until": date(2026, 11, 23)}, [(Reason.NO_PLAN, set())]),
        (Category.PLAN_HOLDER, {"plan_until": TODAY}, [(Reason.NO_PLAN, set())]),
        (Category.PLAN_HOLDER, {"plan_number": "滝上-3"}, [(Reason.NO_PLAN, set())]),
        (Category.AUTHORITY, {}, []),
    ],
)  # fmt: skip
def test_lots_by_category(category, more, expected):
    assert reasons(category, **more) == expected


@pytest.mark.parametrize("category", Category.values)
def test_nobody_is_given_anything_without_papers(category):
    request = Request(
        category, ASKED, TODAY, own=OWN, adjoining=ASKED, plan_number="1", plan_until=TODAY
    )
    assert [objection.reason for objection in objections(request)] == [Reason.NO_PROOF]
