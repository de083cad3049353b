"""Pages of the ledger: bringing files, finding lots, owners for a purpose, export."""

import io
from decimal import Decimal

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from forestgis.audit.models import Entry
from forestgis.jobs import execution
from forestgis.jobs.models import Job
from forestgis.parcels.models import LedgerImport, Parcel, ParcelOwner
from forestgis.tenancy.principal import Principal, transaction_as
from tests.parcels.conftest import CODE, moj_map, ring

PREFECTURE = Principal("prefecture", can_write=True)
ADMINISTRATOR = Principal("prefecture", can_write=True, is_administrator=True)
LEDGER = (
    "大字,字,地番,地目,地積,登記所有者氏名,登記所有者住所\n"
    "滝上,,12-1,山林,10000,髙橋𠮷郎,滝上町字﨑山1\n滝上,,120,山林,500,,\n"
)


@pytest.fixture
def browser(place, officer, client_for):
    """Return `browser(code=CODE, role="municipal_officer")`: somebody logged in."""
    return lambda code=CODE, role="municipal_officer": client_for(officer(code, role=role))


def work(upload):
    """Do the job of an import as the worker does."""
    with transaction_as(PREFECTURE):
        job_id = LedgerImport.objects.get(pk=upload).job_id
    execution.run(job_id)


def bring(client, kind, name, content):
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    answer = client.post(
        reverse("parcels:import_list"), {"municipality": CODE, "kind": kind, "file": file}
    )
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"].rstrip("/").rpartition("/")[2]


def page(client, name, *args):
    return client.get(reverse(f"parcels:{name}", args=args)).content.decode()


@pytest.fixture
def stored(browser):
    """A map and a ledger, brought by an officer."""
    client = browser()
    for kind, name, content in (
        ("map", "地図.xml", moj_map({"12-1": ring(0, 0)})),
        ("ledger", "台帳.csv", LEDGER),
    ):
        upload = bring(client, kind, name, content)
        work(upload)
        client.post(reverse("parcels:import_confirm", args=[upload]))
        work(upload)
    return client


def test_file_is_checked_then_stored_on_word_and_then_forgotten(browser):
    client = browser()
    upload = bring(client, "ledger", "台帳.csv", LEDGER)
    assert "hx-get" in page(client, "import_detail", upload)
    work(upload)
    checked = page(client, "import_detail", upload)
    assert "まだ取り込んでいません" in checked
    assert "2筆（新規 2" in checked
    with transaction_as(PREFECTURE):
        assert not Parcel.objects.exists()
        kept = LedgerImport.objects.get(pk=upload).file
        assert kept.storage.exists(kept.name)
    client.post(reverse("parcels:import_confirm", args=[upload]))
    work(upload)
    with transaction_as(PREFECTURE):
        assert Parcel.objects.filter(in_ledger=True).count() == 2
        assert LedgerImport.objects.get(pk=upload).state == "stored"
    assert not kept.storage.exists(kept.name)


def test_bad_file_is_told_and_cannot_be_stored(browser):
    client = browser()
    upload = bring(client, "map", "地図.xml", "not a map")
    work(upload)
    shown = page(client, "import_detail", upload)
    assert "要修正" in shown
    assert "地図XMLとして読めません" in shown
    answer = client.post(reverse("parcels:import_confirm", args=[upload]), follow=True)
    assert "検査に通ったファイルだけ" in answer.content.decode()
    client.post(reverse("parcels:import_discard", args=[upload]))
    assert client.get(reverse("parcels:import_detail", args=[upload])).status_code == 404


def test_others_see_no_import_and_bring_none(browser):
    upload = bring(browser(), "ledger", "台帳.csv", LEDGER)
    for other in (browser("01562"), browser(role="reader")):
        assert other.get(reverse("parcels:import_detail", args=[upload])).status_code == 404
        file = SimpleUploadedFile("x.csv", LEDGER.encode())
        answer = other.post(
            reverse("parcels:import_list"), {"municipality": CODE, "kind": "ledger", "file": file}
        )
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("query", "lots"),
    [
        ("q=12-1", ["12-1"]),
        ("q=１２番地１", ["12-1"]),
        ("q=滝上 12", ["12-1"]),
        ("q=滝上", ["12-1", "120"]),
        ("q=存在しない", []),
        ("state=no_shape", ["120"]),
        ("municipality=01562", []),
        ("municipality=99999&state=nonsense", ["12-1", "120"]),
    ],
)
def test_lots_are_found(stored, query, lots):
    shown = stored.get(reverse("parcels:parcel_list") + f"?{query}").content.decode()
    assert [lot for lot in ("12-1", "120") if f">滝上{lot}</a>" in shown] == lots


def test_owner_is_shown_for_a_purpose_that_is_written_down(stored):
    with transaction_as(PREFECTURE):
        parcel = Parcel.objects.get(lot="12-1")
    with transaction_as(ADMINISTRATOR):
        before = Entry.objects.filter(action="read").count()
    address = reverse("parcels:parcel_owners", args=[parcel.pk])
    assert "髙橋𠮷郎" not in page(stored, "parcel_detail", parcel.pk)
    refused = stored.post(address, {"purpose": ""})
    assert refused.status_code == 400
    assert "髙橋𠮷郎" not in refused.content.decode()
    shown = stored.post(address, {"purpose": "伐採届の審査", "detail": "第5号"})
    assert "髙橋𠮷郎" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    with transaction_as(ADMINISTRATOR):
        entry = Entry.objects.filter(action="read").order_by("-pk").first()
        assert Entry.objects.filter(action="read").count() == before + 1
    assert (entry.purpose, entry.table_name, entry.row_count) == (
        "伐採届の審査：第5号", ParcelOwner._meta.db_table, 1,
    )  # fmt: skip


@pytest.mark.parametrize("who", [("01562", "municipal_officer"), (CODE, "reader")])
def test_owner_is_not_for_others(stored, browser, who):
    with transaction_as(PREFECTURE):
        parcel = Parcel.objects.get(lot="12-1")
    answer = browser(*who).post(
        reverse("parcels:parcel_owners", args=[parcel.pk]), {"purpose": "伐採届の審査"}
    )
    assert answer.status_code == 404
    assert "髙橋" not in answer.content.decode()


@pytest.mark.parametrize("kind", ["csv", "csv-sjis", "xlsx"])
def test_export_has_the_lots_and_no_owner(stored, kind):
    answer = stored.get(reverse("parcels:parcel_export") + f"?format={kind}")
    content = b"".join(answer.streaming_content)
    if kind != "xlsx":
        text = content.decode("utf-8-sig" if kind == "csv" else "cp932")
        assert "滝上,,12-1,○,山林" in text
        assert "橋" not in text
        assert "崎" not in text
    else:
        assert content[:2] == b"PK"


def test_published_ledger_is_read_by_the_neighbour_without_owners(stored, browser):
    with transaction_as(PREFECTURE):
        parcel = Parcel.objects.get(lot="12-1")
        assert parcel.registered_area_m2 == Decimal(10000)
    other = browser("01562")
    assert other.get(reverse("parcels:parcel_detail", args=[parcel.pk])).status_code == 404
    form = {"municipality": CODE, "sharing": "municipalities"}
    assert stored.post(reverse("parcels:publication"), form).status_code == 302
    shown = page(other, "parcel_detail", parcel.pk)
    assert "滝上12-1" in shown
    assert "所有者を見る" not in shown
    stored.post(reverse("parcels:publication"), form | {"sharing": "own"})
    assert other.get(reverse("parcels:parcel_detail", args=[parcel.pk])).status_code == 404


def test_history_tells_what_changed(stored):
    upload = bring(stored, "ledger", "台帳.csv", LEDGER.replace("12-1,山林", "12-1,原野"))
    work(upload)
    stored.post(reverse("parcels:import_confirm", args=[upload]))
    work(upload)
    with transaction_as(PREFECTURE):
        parcel = Parcel.objects.get(lot="12-1")
    assert "地目：山林 → 原野" in page(stored, "parcel_detail", parcel.pk)


def test_slip_for_anybody_has_the_lot_and_no_owner(stored):
    with transaction_as(PREFECTURE):
        parcel = Parcel.objects.get(lot="12-1")
    answer = stored.get(reverse("parcels:parcel_slip", args=[parcel.pk]))
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "滝上12-1" in text
    assert "10,000.00" in text
    assert "髙橋" not in text


def test_lots_of_an_owner_are_found_for_a_purpose_that_is_written_down(stored, browser):
    address = reverse("parcels:owner_search")
    form = {"name": "髙橋 𠮷郎", "purpose": "災害対応"}
    assert stored.post(address, form | {"purpose": ""}).status_code == 400
    assert stored.post(address, form | {"name": "髙"}).status_code == 400
    shown = stored.post(address, form).content.decode()
    assert "滝上町字﨑山1" in shown
    assert "滝上12-1" in shown
    with transaction_as(ADMINISTRATOR):
        entry = Entry.objects.filter(action="read").latest("id")
    assert (entry.purpose, entry.municipality_code) == ("災害対応：髙橋𠮷郎", CODE)
    other = browser("01562").post(address, form).content.decode()
    assert "滝上町字" not in other
    with transaction_as(ADMINISTRATOR):
        entry = Entry.objects.filter(action="read").latest("id")
    assert (entry.municipality_code, entry.row_count) == ("01562", 0)
    for role in ("reader", "analyst"):
        assert browser(role=role).post(address, form).status_code == 404


def test_overlap_is_computed_anew_on_request(stored, browser):
    assert stored.post(reverse("parcels:relate"), {"municipality": CODE}).status_code == 302
    with transaction_as(PREFECTURE):
        job = Job.objects.filter(kind="parcels.relate").latest("created_at")
    execution.run(job.pk)
    with transaction_as(PREFECTURE):
        job.refresh_from_db()
    assert (job.state, job.result) == ("succeeded", {"pairs": 0})
    browser(role="reader").post(reverse("parcels:relate"), {"municipality": CODE})
    with transaction_as(PREFECTURE):
        assert Job.objects.filter(kind="parcels.relate").count() == 1
