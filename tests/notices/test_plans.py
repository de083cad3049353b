"""森林経営計画: thresholds by the table of the prefectures' guides, certification, who sees what."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from shapely.geometry import MultiPolygon

from forestgis.notices import plan_selectors
from forestgis.notices.domain.plans import (
    OperationFacts,
    PlanFacts,
    PlanStandFacts,
    findings,
    last_day,
)
from forestgis.notices.models import ManagementPlan, PlanHolder, Treatment
from forestgis.registry.geometry import to_geos
from forestgis.registry.models import Compartment
from forestgis.tenancy.principal import Principal, transaction_as
from tests.notices.conftest import CODE, KEYS, OTHER
from tests.registry.conftest import in_degrees, square

PREFECTURE = Principal("prefecture", can_write=True)


def stand(number=1, area="60", own=True, compartment=12):
    return PlanStandFacts(
        f"{compartment:06d}{number:08d}", f"{compartment}-{number}", compartment, Decimal(area), own
    )


GOOD = PlanFacts(
    kind="compartment", starts_on=date(2027, 4, 1), ends_on=date(2032, 3, 31), zone_name="", covers_all=True,
    stands=(stand(),), operations=(), compartments_ha={12: Decimal(100), 13: Decimal(100)},
)  # fmt: skip


def codes(**changes):
    return [finding.code for finding in findings(replace(GOOD, **changes))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"stands": (stand(area="50"),)}, []),
        ({"stands": (stand(area="49.9"),)}, ["share"]),
        ({"stands": (stand(), stand(compartment=13)), "neighbours": frozenset({(12, 13)})}, []),
        (
            {
                "stands": (stand(), stand(compartment=13, area="39")),
                "neighbours": frozenset({(12, 13)}),
            },
            ["share"],
        ),
        ({"stands": (stand(), stand(compartment=13))}, ["apart"]),
        ({"kind": "zone", "zone_name": "北区域", "stands": (stand(area="30"),)}, []),
        ({"kind": "zone", "zone_name": "北区域", "stands": (stand(area="29.99"),)}, ["zone_area"]),
        ({"kind": "zone"}, ["no_zone"]),
        ({"kind": "owner", "stands": (stand(area="100"),)}, []),
        ({"kind": "owner", "stands": (stand(area="99"), stand(2, "500", own=False))}, ["own_area"]),
        ({"stands": ()}, ["no_stands"]),
        ({"covers_all": False}, ["not_all"]),
        ({"ends_on": date(2032, 4, 1)}, ["period"]),
        ({"ends_on": date(2031, 3, 31)}, ["period"]),
        ({"elsewhere": {stand().keycode: "滝-1"}}, ["elsewhere"]),
    ],
)
def test_thresholds(changes, expected):
    assert codes(**changes) == expected


def operation(kind="thinning", year=2027, area="10", number=1):
    return OperationFacts(stand(number).keycode, f"12-{number}", kind, year, Decimal(area))


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ((operation(),), []),
        ((operation(year=2031),), []),
        ((operation(year=2032),), ["outside_period"]),
        ((operation(year=2026),), ["outside_period"]),
        ((operation(area="61"),), ["too_much"]),
        ((operation(number=9),), ["stranger"]),
        ((operation("clear"),), ["no_regeneration"]),
        ((operation("clear"), operation("planting", 2028)), []),
    ],
)
def test_operations_are_within_stands_and_years(operations, expected):
    assert codes(operations=operations) == expected


def test_five_years_end_on_the_day_before():
    assert last_day(date(2027, 4, 1)) == date(2032, 3, 31)
    assert last_day(date(2028, 2, 29)) == date(2033, 2, 28)


FORM = {
    "municipality": CODE, "name": "滝上北団地", "kind": "compartment", "applied_on": "令和9年2月1日", "starts_on": "令和9年4月1日",
    "ends_on": "令和14年3月31日", "holder_name": "髙橋林業㈱", "holder_address": "滝上町1", "holder_role": "owner", "covers_all": "on",
    "stand_lines": "12-1\n12-2 0.90 受託", "operation_lines": "12-1 間伐 2027 0.50 40\n12-2 間伐 2029 0.50",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def compartments(place):
    """林班 12 as the three 小班 make it."""
    with transaction_as(PREFECTURE):
        Compartment.objects.create(
            municipality=place,
            edition=2024,
            number=12,
            geom=to_geos(MultiPolygon([in_degrees(square(0, 0))])),
        )


@pytest.fixture
def browser(place, officer, client_for):
    """Return `browser(code=CODE, role="municipal_officer")`: somebody logged in."""
    return lambda code=CODE, role="municipal_officer": client_for(officer(code, role=role))


def hand_in(client, **fields):
    answer = client.post(reverse("notices:plan_new"), FORM | fields)
    if answer.status_code != 302:
        assert answer.status_code == 400
        return answer.content.decode()
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def decide(client, plan, act, **fields):
    return client.post(reverse(f"notices:plan_{act}", args=[plan]), fields, follow=True)


def test_plan_is_certified_and_revoked(browser):
    client = browser()
    plan = hand_in(client)
    shown = client.get(reverse("notices:plan_detail", args=[plan])).content.decode()
    assert "問題は見つかりませんでした" in shown
    assert "髙橋林業㈱" in shown
    assert "1.90" in shown
    decide(client, plan, "certify", number="滝-2027-1", on="令和9年3月20日")
    with transaction_as(PREFECTURE):
        (found,) = plan_selectors.plans_of(CODE, KEYS[0], on=date(2028, 1, 1))
        assert (found.pk, found.number) == (plan, "滝-2027-1")
        assert plan_selectors.plans_of(CODE, KEYS[0], on=date(2032, 4, 1)) == []
        assert plan_selectors.plans_of(CODE, KEYS[2], on=date(2028, 1, 1)) == []
    assert decide(client, plan, "certify", number="2", on="令和9年3月20日").status_code == 409
    taken = decide(client, hand_in(client), "certify", number="滝-2027-1", on="令和9年3月20日")
    assert "別の計画で使われています" in taken.content.decode()
    decide(client, plan, "revoke", note="施業されない", on="令和10年3月20日")
    with transaction_as(PREFECTURE):
        assert ManagementPlan.objects.get(pk=plan).state == "revoked"


def test_plan_that_does_not_hold_what_it_must_is_not_certified(browser):
    client = browser()
    plan = hand_in(client, kind="zone", zone_name="北区域", ends_on="令和13年3月31日")
    answer = decide(client, plan, "certify", number="x", on="令和9年3月20日")
    assert answer.status_code == 409
    for words in ("認定できません", "30 ha以上", "5年ではありません", "2032-03-31"):
        assert words in answer.content.decode()
    decide(client, plan, "refuse", note="要件を満たさない", on="令和9年3月20日")
    with transaction_as(PREFECTURE):
        assert ManagementPlan.objects.get(pk=plan).state == "refused"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stand_lines": "12-1\n99-9"}, "99-9"),
        ({"stand_lines": "12-1 広い"}, "数ではありません：広い"),
        ({"operation_lines": "12-1 間伐"}, "小班、施業、年度、面積の順"),
        ({"operation_lines": "12-1 伐採 2027 0.5"}, "知らない施業です：伐採"),
        ({"operation_lines": "12-1 間伐 令和9 0.5"}, "年度が数字ではありません"),
        ({"ends_on": "令和9年3月31日"}, "終期が始期より前"),
        ({"starts_on": "いつか"}, "日付として読めません"),
    ],
)
def test_lines_that_cannot_be_read_are_named(browser, fields, words):
    assert words in hand_in(browser(), **fields)


def test_what_was_done_stands_beside_what_was_planned(browser):
    client = browser()
    plan = hand_in(client)
    with transaction_as(PREFECTURE):
        Treatment.objects.create(
            municipality_id=CODE, kind="thinning", fiscal_year=2027, done_on=date(2027, 9, 1), area_ha="0.40",
            keycodes=[KEYS[0]],
        )  # fmt: skip
        rows = plan_selectors.operations_of(ManagementPlan.objects.get(pk=plan))
        assert [(row.operation.label, row.done_ha) for row in rows] == [
            ("12-1", Decimal("0.40")), ("12-2", Decimal(0)),
        ]  # fmt: skip


def test_holders_are_for_those_whose_duty_it_is(browser):
    plan = hand_in(browser())
    reader = browser(role="reader")
    shown = reader.get(reverse("notices:plan_detail", args=[plan])).content.decode()
    assert "滝上北団地" in shown
    assert "髙橋林業" not in shown
    assert reader.get(reverse("notices:plan_new")).status_code == 404
    assert decide(reader, plan, "certify", number="1", on="2027-03-20").status_code == 409
    stranger = browser(OTHER)
    assert stranger.get(reverse("notices:plan_detail", args=[plan])).status_code == 404
    exported = b"".join(browser().get(reverse("notices:plan_export")).streaming_content).decode(
        "utf-8-sig"
    )
    assert "滝上北団地" in exported
    assert "髙橋" not in exported
    with transaction_as(Principal("municipal", codes=(OTHER,), can_write=True)):
        assert not ManagementPlan.objects.exists()
        assert not PlanHolder.objects.exists()
