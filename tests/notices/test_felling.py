"""Felling notices over HTTP: received, checked, examined, answered, reported on; who sees what."""

import io
import json
from datetime import timedelta

import pypdf
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from forestgis.audit.models import Entry
from forestgis.notices import selectors
from forestgis.notices.models import Attachment, FellingNotice, NoticeParty, Treatment
from forestgis.tenancy.principal import Principal, transaction_as
from tests.notices.conftest import CODE, KEYS, OTHER
from tests.registry.conftest import in_degrees, square

PREFECTURE = Principal("prefecture", can_write=True, is_administrator=True)
TODAY = timezone.localdate()
START = TODAY + timedelta(days=45)
FIELDS = {
    "municipality": CODE, "received_on": TODAY.isoformat(), "notifier_name": "髙橋𠮷郎", "notifier_address": "滝上町字﨑山1",
    "place": "滝上町字滝上12番地1", "stands": "12-1", "area_ha": "1.00", "method": "clear", "species": "トドマツ", "age": "50～55",
    "starts_on": START.isoformat(), "ends_on": (START + timedelta(days=30)).isoformat(),
    "planting_ha": "1.00", "seeding_ha": "0", "sprout_ha": "0", "natural_ha": "0",
    "regeneration_starts_on": (START + timedelta(days=200)).isoformat(),
    "regeneration_ends_on": (START + timedelta(days=230)).isoformat(),
    "regeneration_species": "カラマツ", "stems": "2000", "letter": "conformity",
}  # fmt: skip
numbers = iter(range(1, 1000))


@pytest.fixture
def browser(place, officer, client_for):
    """Return `browser(code=CODE, role="municipal_officer")`: somebody logged in."""
    return lambda code=CODE, role="municipal_officer": client_for(officer(code, role=role))


def hand_in(client, **fields):
    """Hand a notice in; return its key, or the page that says what is wrong."""
    data = FIELDS | {"number": f"2026-{next(numbers)}"} | fields
    answer = client.post(reverse("notices:notice_new"), data)
    if answer.status_code != 302:
        assert answer.status_code == 400
        return answer.content.decode()
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def page(client, notice):
    return client.get(reverse("notices:notice_detail", args=[notice])).content.decode()


def step(client, notice, name, **fields):
    return client.post(reverse(f"notices:notice_{name}", args=[notice]), fields, follow=True)


def attach(client, notice, kind="map", name="図.pdf", content=b"%PDF-1.7 x"):
    file = SimpleUploadedFile(name, content)
    return step(client, notice, "attach", kind=kind, file=file)


def drawn(column, row=0):
    return json.dumps(json.loads(shapely.to_geojson(in_degrees(square(column, row)))))


def stored(notice):
    with transaction_as(PREFECTURE):
        return FellingNotice.objects.get(pk=notice)


def test_notice_takes_its_area_from_the_stand(browser):
    client = browser()
    notice = hand_in(client)
    row = stored(notice)
    assert row.keycodes == [KEYS[0]]
    assert row.geom is not None
    shown = page(client, notice)
    for words in ("12-1", "髙橋𠮷郎", "添付書類がありません"):
        assert words in shown
    assert "要確認" not in shown
    for kind in ("map", "identity", "title", "checklist", "hauling"):
        attach(client, notice, kind)
    assert "問題は見つかりませんでした" in page(client, notice)


def test_drawn_area_goes_before_and_finds_its_stands(browser):
    client = browser()
    notice = hand_in(client, stands="", drawn=drawn(1))
    assert stored(notice).keycodes == [KEYS[1]]
    protected = hand_in(client, stands="", drawn=drawn(2))
    assert "保安林（11）の小班12-3" in page(client, protected)
    outside = hand_in(client, stands="", drawn=drawn(9, 9))
    assert "森林簿の森林にありません" in page(client, outside)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stands": "99-1"}, "森林簿にない小班です：99-1"),
        ({"stands": "", "drawn": "なし"}, "GeoJSONではありません"),
        ({"stands": "", "drawn": '{"type":"Point","coordinates":[143,44]}'}, "面（ポリゴン）ではありません"),
        ({"drawn": '{"type":"Polygon","coordinates":[[[58400,13200],[58500,13200],[58500,13300],[58400,13200]]]}'}, "経度・緯度ではありません"),
        ({"drawn": '{"type":"Polygon","coordinates":[[[143,44],[143.1,44.1],[143.1,44],[143,44.1],[143,44]]]}'}, "線が交わっています"),
        ({"drawn": '{"type":"Polygon","coordinates":[[[139,35],[139.1,35],[139.1,35.1],[139,35]]]}'}, "区域の外です"),
        ({"area_ha": "-1"}, "値が範囲の外です"),
        ({"starts_on": "来月"}, "日付として読めません"),
        ({"notifier_name": ""}, "必須"),
    ],
)  # fmt: skip
def test_what_no_paper_can_say_is_refused_and_nothing_stored(browser, fields, words):
    with transaction_as(PREFECTURE):
        before = FellingNotice.objects.count()
    assert words in hand_in(browser(), **fields)
    with transaction_as(PREFECTURE):
        assert FellingNotice.objects.count() == before


def test_dates_in_both_calendars_and_full_width_digits(browser):
    notice = hand_in(
        browser(), starts_on="令和９年１月１５日", ends_on="R9.2.28", regeneration_starts_on="2027/10/1", regeneration_ends_on="20271031",
        received_on="令和8年12月1日",
    )  # fmt: skip
    row = stored(notice)
    assert [str(day) for day in (row.received_on, row.starts_on, row.ends_on)] == [
        "2026-12-01", "2027-01-15", "2027-02-28",
    ]  # fmt: skip


def test_late_notice_is_received_and_said(browser):
    client = browser()
    late = (TODAY + timedelta(days=10)).isoformat()
    assert "届出が遅すぎます" in page(client, hand_in(client, starts_on=late))


def test_whole_course_with_letter_and_history(browser):
    client = browser()
    notice = hand_in(client)
    refused = step(
        client, notice, "felled", done_on=TODAY.isoformat(), reported_on=TODAY.isoformat()
    )
    assert refused.status_code == 409
    step(client, notice, "examine", conforms="yes", note="")
    letter = reverse("notices:letter_pdf", args=[notice])
    assert client.get(letter).status_code == 404
    step(client, notice, "letter", letter="conformity", number="滝林第12号", on=TODAY.isoformat())
    answer = client.get(letter)
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    for words in ("適合通知書", "髙橋𠮷郎", "滝林第12号", "市町村森林整備計画に適合", "滝上町長"):
        assert words in text
    early = step(
        client,
        notice,
        "felled",
        done_on=(START - timedelta(days=1)).isoformat(),
        reported_on=START.isoformat(),
    )
    assert "日付の順序が正しくありません" in early.content.decode()
    done, reported = START + timedelta(days=20), START + timedelta(days=60)
    step(client, notice, "felled", done_on=done.isoformat(), reported_on=reported.isoformat())
    assert "報告期限後" in page(client, notice)
    planted = START + timedelta(days=220)
    step(client, notice, "planted", done_on=planted.isoformat(), reported_on=planted.isoformat())
    assert stored(notice).state == "done"
    with transaction_as(PREFECTURE):
        rows = Treatment.objects.filter(notice=notice).order_by("done_on")
        assert [(row.kind, row.area_ha, row.keycodes) for row in rows] == [
            ("clear", 1, [KEYS[0]]), ("planting", 1, [KEYS[0]]),
        ]  # fmt: skip
    shown = client.get(reverse("notices:treatment_list")).content.decode()
    assert "主伐（皆伐）" in shown


def test_no_letter_of_conformity_for_what_does_not_conform(browser):
    client = browser()
    notice = hand_in(client)
    step(client, notice, "examine", conforms="no", note="植栽樹種が計画と違う")
    answer = step(client, notice, "letter", letter="conformity", number="1", on=TODAY.isoformat())
    assert "適合通知書は出せません" in answer.content.decode()
    step(client, notice, "letter", letter="confirmation", number="1", on=TODAY.isoformat())
    pdf = client.get(reverse("notices:letter_pdf", args=[notice])).content
    assert "確認通知書" in pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("図.pdf", b"MZ not a pdf", "マクロのないWord・Excelだけ"),
        ("図.png", b"%PDF-1.7", "名前と中身の種類が違います"),
        ("大.pdf", b"%PDF-" + b"0" * (21 * 2**20), "20 MBより大きい"),
    ],
)
def test_attachment_that_lies_or_is_too_large_is_refused(browser, name, content, words):
    client = browser()
    notice = hand_in(client)
    answer = attach(client, notice, name=name, content=content)
    assert answer.status_code == 409
    assert words in answer.content.decode()
    with transaction_as(PREFECTURE):
        assert not Attachment.objects.filter(notice=notice).exists()


def test_attachment_is_kept_given_back_and_removed(browser):
    client = browser()
    notice = hand_in(client)
    attach(client, notice, content=b"%PDF-1.7 body")
    with transaction_as(PREFECTURE):
        attachment = Attachment.objects.get(notice=notice)
    answer = client.get(reverse("notices:attachment_file", args=[attachment.pk]))
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 body"
    assert answer["Content-Disposition"].startswith("attachment")
    client.post(reverse("notices:attachment_remove", args=[attachment.pk]))
    assert client.get(reverse("notices:attachment_file", args=[attachment.pk])).status_code == 404
    assert not attachment.file.storage.exists(attachment.file.name)


def test_this_week_lists_what_is_due_and_overdue(browser):
    client = browser()
    soon = hand_in(client, starts_on=(TODAY + timedelta(days=5)).isoformat())
    later = hand_in(client)
    with transaction_as(PREFECTURE):
        due = {item.notice.pk: item for item in selectors.due_notices()}
        assert due[soon].due.kind == "examine"
        assert later not in due
        overdue = {
            item.notice.pk: item.overdue
            for item in selectors.due_notices(TODAY + timedelta(days=60))
        }
    assert overdue[soon]
    assert overdue[later]
    assert "今週までにすること" in client.get(reverse("notices:notice_list")).content.decode()


def test_persons_are_for_those_whose_duty_it_is_and_reading_is_written_down(browser):
    client = browser()
    notice = hand_in(client)
    attach(client, notice)
    with transaction_as(PREFECTURE):
        attachment = Attachment.objects.get(notice=notice).pk
    page(client, notice)
    with transaction_as(PREFECTURE):
        entry = Entry.objects.filter(action="read", table_name=NoticeParty._meta.db_table).first()
        assert "伐採届 2026-" in entry.purpose
    for who in ((CODE, "reader"), (CODE, "analyst")):
        other = browser(*who)
        shown = page(other, notice)
        assert "滝上町字滝上12番地1" in shown
        assert "髙橋" not in shown
        assert "図.pdf" not in shown
        assert other.get(reverse("notices:attachment_file", args=[attachment])).status_code == 404
        assert other.get(reverse("notices:notice_new")).status_code == 404
        assert step(other, notice, "examine", conforms="yes").status_code == 409
    stranger = browser(OTHER)
    assert stranger.get(reverse("notices:notice_detail", args=[notice])).status_code == 404
    assert step(stranger, notice, "examine", conforms="yes").status_code == 404
    assert stored(notice).state == "received"


@pytest.mark.parametrize("kind", ["csv", "csv-sjis", "xlsx"])
def test_export_has_no_person(browser, kind):
    client = browser()
    hand_in(client)
    answer = client.get(reverse("notices:notice_export") + f"?format={kind}&state=received")
    content = b"".join(answer.streaming_content)
    if kind == "csv":
        assert "滝上町字滝上12番地1" in content.decode("utf-8-sig")
        assert "髙橋" not in content.decode("utf-8-sig")
    assert len(content) > 100


def test_map_views_show_own_notices_without_persons(browser):
    notice = hand_in(browser())
    columns = (
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'map_felling_notice'"
    )
    with transaction_as(PREFECTURE), connection.cursor() as cursor:
        cursor.execute("SELECT fid, method FROM map_felling_notice WHERE fid = %s", [notice])
        assert cursor.fetchall() == [(notice, "clear")]
        cursor.execute(columns)
        assert {name for (name,) in cursor.fetchall()}.isdisjoint(
            {"name", "address", "place", "note"}
        )
    with (
        transaction_as(Principal("municipal", codes=(OTHER,), can_write=True)),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT count(*) FROM map_felling_notice")
        assert cursor.fetchone() == (0,)


def test_treatment_by_hand_and_totals_by_year(browser):
    client = browser()
    entry = {
        "municipality": CODE,
        "kind": "thinning",
        "fiscal_year": "2024",
        "stands": "12-2",
        "area_ha": "0.80",
    }
    assert client.post(reverse("notices:treatment_new"), entry).status_code == 302
    wrong = entry | {"done_on": "令和7年4月1日"}
    assert (
        "完了日の年度と違います"
        in client.post(reverse("notices:treatment_new"), wrong).content.decode()
    )
    right = entry | {"done_on": "令和7年3月31日", "area_ha": "0.20"}
    assert client.post(reverse("notices:treatment_new"), right).status_code == 302
    with transaction_as(PREFECTURE):
        kinds, years = selectors.treatment_totals(selectors.treatments(year=2024))
        assert kinds == ["間伐"]
        assert [(row.year, row.areas_ha, row.total_ha) for row in years] == [(2024, (1,), 1)]
        assert selectors.treatments(keycode=KEYS[1]).count() == 2
    reader = browser(role="reader")
    assert reader.get(reverse("notices:treatment_list")).status_code == 200
    assert reader.post(reverse("notices:treatment_new"), entry).status_code == 404
