"""The administrator's page of the trail."""

import pytest
from openpyxl import load_workbook

from forestgis.accounts.principals import principal_of
from forestgis.audit.services import record_read
from forestgis.registry.models import CodeTable
from forestgis.tenancy.principal import transaction_as


@pytest.fixture(scope="module")
def boss(officer):
    return officer("01560", "municipal_admin")


@pytest.fixture(scope="module", autouse=True)
def entries(database, officer, prefecture_user):
    person = officer("01560")
    with transaction_as(principal_of(person)):
        record_read("境界の確認", "parcels_parcelowner", "77", municipality_code="01560")
        record_read("=伐採届", "parcels_parcelowner", "78", municipality_code="01560")
    with transaction_as(principal_of(officer("01562"))):
        record_read("秘密の用件", "parcels_parcelowner", "79", municipality_code="01562")
    with transaction_as(principal_of(prefecture_user)):
        CodeTable.objects.create(edition=1999, table="species", code="01", name="イチイ")
    return person


def page(client, **search):
    return client.get("/audit/", search).content.decode()


def test_administrators_find_by_person_table_row_and_day(client_for, boss, entries):
    client = client_for(boss)
    everything = page(client)
    assert "境界の確認" in everything
    assert "=伐採届" in everything
    assert "秘密の用件" not in everything
    one = page(client, row="77", table="parcels_parcelowner", person=entries.username)
    assert ("境界の確認" in one, "=伐採届" in one) == (True, False)
    assert "記録がありません" in page(client, until="2000-01-01")
    assert "境界の確認" in page(client, since="2000-01-01", action="read")
    assert "記録がありません" in page(client, person="nobody")


def test_the_prefecture_finds_all_and_sees_what_changed(client_for, prefecture_user):
    shown = page(client_for(prefecture_user))
    assert "秘密の用件" in shown
    assert "イチイ" in shown


def test_export_is_complete_and_harmless(client_for, boss, tmp_path):
    client = client_for(boss)
    answer = client.get("/audit/export", {"format": "csv", "table": "parcels_parcelowner"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert "'=伐採届" in lines[1]
    book = tmp_path / "a.xlsx"
    book.write_bytes(b"".join(client.get("/audit/export", {"format": "xlsx"}).streaming_content))
    assert load_workbook(book).active.max_row >= 3


@pytest.mark.parametrize("role", ["municipal_officer", "reader", "analyst"])
def test_nobody_else_gets_in(client_for, officer, role):
    client = client_for(officer("01560", role))
    assert client.get("/audit/").status_code == 403
    assert client.get("/audit/export").status_code == 403


def test_nonsense_is_refused(client_for, boss):
    assert client_for(boss).get("/audit/", {"before": "x"}).status_code == 400
    assert client_for(boss).get("/audit/export", {"municipality": "x"}).status_code == 400
