"""Papers about lots over HTTP: information given and refused, corrections, notices of owners, slips."""

import io
from datetime import timedelta

import pypdf
import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from forestgis.audit.models import Entry
from forestgis.parcels.models import (
    Correction,
    OwnerNotice,
    Parcel,
    ParcelOwner,
    ProvidedRow,
    Provision,
)
from forestgis.parcels.services.ledger import import_ledger
from forestgis.parcels.services.maps import import_map
from forestgis.tenancy.principal import Principal, transaction_as
from tests.parcels.conftest import CODE, moj_map, ring

PREFECTURE = Principal("prefecture", can_write=True, is_administrator=True)
LEDGER = (
    "大字,字,地番,地目,地積,現所有者氏名,現所有者住所\n"
    "滝上,,1,山林,10000,髙橋𠮷郎,滝上町字﨑山1\n"
    "滝上,,2,山林,10000,乙川花子,札幌市2\n"
    "滝上,,3,山林,10000,丙山次郎,旭川市3\n"
)
PERSON = {
    "municipality": CODE, "received_on": "令和8年11月24日", "name": "申出太郎", "address": "滝上町4", "proof": "登記事項証明書",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def lots(place, tmp_path_factory):
    """Lots 1 and 2 side by side, 3 far away, each with its owner."""
    folder = tmp_path_factory.mktemp("lots")
    (folder / "m.xml").write_text(moj_map({"1": ring(0, 0), "2": ring(1, 0), "3": ring(9, 9)}))
    (folder / "l.csv").write_text(LEDGER)
    with transaction_as(PREFECTURE):
        assert import_map(place, folder / "m.xml", "m.xml", dry_run=False).stored
        assert import_ledger(place, folder / "l.csv", "l.csv", dry_run=False).stored


@pytest.fixture
def browser(officer, client_for):
    """Return `browser(code=CODE, role="municipal_officer")`: somebody logged in."""
    return lambda code=CODE, role="municipal_officer": client_for(officer(code, role=role))


numbers = iter(range(1, 1000))


def hand_in(client, kind, **fields):
    """Hand a paper in; return its key, or the page that says what is wrong."""
    data = PERSON | {"number": f"2026-{next(numbers)}"} | fields
    answer = client.post(reverse("parcels:case_new", args=[kind]), data)
    if answer.status_code != 302:
        return answer.content.decode()
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def decide(client, kind, case, act="accept", **fields):
    address = reverse(f"parcels:case_{act}", args=[kind, case])
    return client.post(address, fields, follow=True).content.decode()


def apply(client, category="owner", asked="滝上 1", **fields):
    return hand_in(
        client, "provisions", category=category, purpose="境界の確認", asked_lots=asked, **fields
    )


TOMORROW = (timezone.localdate() + timedelta(days=1)).isoformat()


def slip(client, case):
    return client.get(reverse("parcels:provision_slip", args=[case]))


def test_owner_is_given_the_own_lot_with_a_slip(browser):
    client = browser()
    case = apply(client)
    assert slip(client, case).status_code == 404
    decide(client, "provisions", case, expires_on=TOMORROW)
    answer = slip(client, case)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"].startswith("no-store") or "no-store" in answer["Cache-Control"]
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    text = reader.pages[0].extract_text()
    for words in ("髙橋𠮷郎", "滝上町字﨑山1", "境界の確認", "令和"):
        assert words in text
    assert "乙川花子" not in text
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    assert all("CJK" in str(font["/BaseFont"]) for font in fonts)
    with transaction_as(PREFECTURE):
        entry = Entry.objects.filter(action="read", table_name="parcels_provided").latest("id")
        assert "境界の確認" in entry.purpose


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"category": "owner", "proof": ""}, "資格を確かめた書類がありません"),
        ({"category": "neighbour", "asked": "滝上 3", "own_lots": "滝上 1"}, "隣接していません"),
        ({"category": "plan"}, "認定森林経営計画の番号がない"),
        ({"category": "plan", "plan_number": "1", "plan_until": "令和7年3月31日"}, "計画期間の外"),
    ],
)
def test_rules_are_held_and_said(browser, fields, reason):
    client = browser()
    case = apply(client, **fields)
    assert reason in decide(client, "provisions", case, expires_on=TOMORROW)
    assert slip(client, case).status_code == 404
    decide(client, "provisions", case, "refuse", reason="資格がない")
    with transaction_as(PREFECTURE):
        assert Provision.objects.get(pk=case).state == "refused"


def test_neighbour_is_given_what_adjoins(browser):
    client = browser()
    case = apply(client, "neighbour", "滝上 2", own_lots="滝上 1")
    decide(client, "provisions", case, expires_on=TOMORROW)
    with transaction_as(PREFECTURE):
        assert [row.name for row in ProvidedRow.objects.filter(provision=case)] == ["乙川花子"]


def test_what_was_given_ends_with_its_day(browser):
    client = browser()
    case = apply(client)
    past = (timezone.localdate() - timedelta(days=1)).isoformat()
    assert "が過ぎています" in decide(client, "provisions", case, expires_on=past)
    decide(client, "provisions", case, expires_on=TOMORROW)
    with transaction_as(PREFECTURE):
        Provision.objects.filter(pk=case).update(expires_on=past)
    assert slip(client, case).status_code == 404


def test_decided_once(browser):
    client = browser()
    case = apply(client)
    decide(client, "provisions", case, expires_on=TOMORROW)
    assert "すでに処理されています" in decide(client, "provisions", case, "refuse", reason="x")


def test_lots_that_the_ledger_does_not_have_are_named(browser):
    shown = apply(browser(), asked="滝上 1\n滝上 777")
    assert "1筆に決まらない行があります：滝上 777" in shown


def test_new_owner_is_entered_and_the_former_ends(browser):
    client = browser()
    case = hand_in(
        client,
        "owner-notices",
        name="新田三郎",
        acquired_on="R8.10.1",
        cause="sale",
        lot_names="滝上 2",
    )
    decide(client, "owner-notices", case)
    with transaction_as(PREFECTURE):
        owners = ParcelOwner.objects.filter(parcel__lot="2").order_by("pk")
        assert [(o.name, o.source, o.ended_on is None) for o in owners] == [
            ("乙川花子", "import", False), ("新田三郎", "notice", True),
        ]  # fmt: skip
        assert OwnerNotice.objects.get(pk=case).state == "accepted"


def test_late_notice_is_marked_and_a_future_one_refused(browser):
    client = browser()
    late = hand_in(
        client, "owner-notices", acquired_on="令和8年8月1日", cause="gift", lot_names="滝上 3"
    )
    shown = client.get(
        reverse("parcels:case_detail", args=["owner-notices", late])
    ).content.decode()
    assert "届出期限を過ぎています" in shown
    assert "2026年10月30日" in shown  # 90 days after 1 August
    future = hand_in(
        client, "owner-notices", acquired_on="令和8年11月25日", cause="gift", lot_names="滝上 3"
    )
    assert "受付日より後です" in future
    assert "日付として読めません" in hand_in(
        client, "owner-notices", acquired_on="来年", cause="gift", lot_names="滝上 3"
    )


def test_correction_changes_the_ledger_only_when_accepted(browser):
    client = browser()
    wrong = hand_in(client, "corrections", lot="滝上 3", item="registered_area_m2", value="一町歩")
    assert "内容として読めません" in wrong
    case = hand_in(
        client, "corrections", lot="滝上 3", item="registered_area_m2", value="９，８００"
    )
    with transaction_as(PREFECTURE):
        assert Parcel.objects.get(lot="3").registered_area_m2 == 10000
    decide(client, "corrections", case)
    with transaction_as(PREFECTURE):
        assert Parcel.objects.get(lot="3").registered_area_m2 == 9800
    case = hand_in(
        client, "corrections", lot="滝上 3", item="owner", value="丙山次朗", value_address="旭川市9"
    )
    decide(client, "corrections", case)
    with transaction_as(PREFECTURE):
        owner = ParcelOwner.objects.get(parcel__lot="3", ended_on=None)
        assert (owner.name, owner.source) == ("丙山次朗", "correction")
        assert Correction.objects.filter(state="accepted").count() == 2


@pytest.mark.parametrize(
    "who", [("01562", "municipal_officer"), (CODE, "reader"), (CODE, "analyst")]
)
def test_papers_are_for_those_whose_duty_it_is(browser, who):
    case = apply(browser())
    other = browser(*who)
    for name in ("case_detail", "case_accept", "case_refuse"):
        address = reverse(f"parcels:{name}", args=["provisions", case])
        answer = other.get(address) if name == "case_detail" else other.post(address)
        assert answer.status_code == 404
    assert slip(other, case).status_code == 404
    listed = other.get(reverse("parcels:case_list", args=["provisions"])).content.decode()
    assert f"/provisions/{case}/" not in listed
    if who[0] == CODE:
        assert other.get(reverse("parcels:case_new", args=["provisions"])).status_code == 404
    else:
        assert "候補にありません" in apply(other)


def test_wall_still_has_no_hole(database):
    call_command("check_tenancy")
