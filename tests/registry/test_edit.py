"""Editing the register: what is changed, who may, two people at once, history, taking back."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from forestgis.tenancy.principal import Principal, transaction_as

HERE, THERE = "01560", "01559"
PREFECTURE = Principal("prefecture", can_write=True)
ADDRESS = f"/register/{HERE}/2024/08140000120034/"


@pytest.fixture
def register(fresh_database, client_for):
    """Three 小班 of HERE: 12-34 with two storeys, 12-35, 12-36."""
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry import services
    from forestgis.registry.models import Municipality, Stand, Subcompartment

    area = MultiPolygon(Polygon.from_bbox((143.0, 44.1, 143.1, 44.2)), srid=6668)
    with transaction_as(PREFECTURE):
        services.load_codes(2024)
        for code, name in ((HERE, "滝上町"), (THERE, "湧別町")):
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=name, bureau="オホーツク", zone=12, geom=area
            )
        for number in (34, 35, 36):
            sub = Subcompartment.objects.create(
                municipality_id=HERE, edition=2024, keycode=f"0814000012{number:04d}",
                compartment_number=12, number=number, geom=area, area_ha=Decimal("5"),
                register_area_ha=Decimal("5.2"),
            )  # fmt: skip
            Stand.objects.create(
                subcompartment=sub, municipality_id=HERE, species1_code="17", share1=100, age=40,
                forest_type_code="1", protection_code="01", stock_conifer_m3ha=Decimal("210.5"),
            )  # fmt: skip
        first = Subcompartment.objects.get(number=34)
        Stand.objects.create(
            subcompartment=first, municipality_id=HERE, storey=2, species1_code="75", age=9
        )


@pytest.fixture
def people(register, fresh_database):
    """Return `person(code, role)`: a browser of somebody new."""
    from django.test import Client

    from forestgis.accounts.models import Organisation, User

    made = []

    def person(code: str = HERE, role: str = "municipal_officer", name: str = "山田 花子"):
        with transaction_as(PREFECTURE):
            organisation, _new = Organisation.objects.get_or_create(
                kind="municipality", code5=code, defaults={"name": code}
            )
            user = User.objects.create_user(
                f"{role}-{code}-{len(made)}", None, organisation=organisation, role=role, name=name
            )
        client = Client()
        client.force_login(user)
        made.append(client)
        return client

    return person


def inputs(answer) -> dict[str, str]:
    """What a form would send as it is."""
    text = answer.content.decode()
    form = text[text.index('<form class="form"') :]
    sent = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            sent[name[1]] = value[1] if value else ""
    for attributes, options in re.findall(r"<select([^>]*)>(.*?)</select>", form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[re.search(r'name="([^"]+)"', attributes)[1]] = chosen[1] if chosen else ""
    return sent


def stored(number=34, storey=1):
    from forestgis.registry.models import Stand

    with transaction_as(PREFECTURE):
        return Stand.objects.get(subcompartment__number=number, storey=storey)


def field(name, number=34, storey=1) -> str:
    return f"stand{stored(number, storey).pk}-{name}"


def test_edit_is_stored_with_who_and_what(people):
    client = people(name="佐藤 一郎")
    form = inputs(client.get(f"{ADDRESS}edit/"))
    assert form[field("age")] == "40"
    # A code that no table has stays as it is.
    assert form[field("species1_code", storey=2)] == "75"
    answer = client.post(
        f"{ADDRESS}edit/", form | {field("age"): "45", "area-register_area_ha": "5.35"}
    )
    assert answer.status_code == 302
    assert stored().age == 45
    assert stored(storey=2).species1_code == "75"
    page = client.get(ADDRESS).content.decode()
    assert "佐藤 一郎" in page
    assert re.search(r"林齢[^<]*：<del>40</del> → <ins>45</ins>", page)
    assert re.search(r"森林簿面積[^<]*：<del>5.2(000)?</del> → <ins>5.35(00)?</ins>", page)


def test_search_follows_an_edit(people):
    client = people()
    form = inputs(client.get(f"{ADDRESS}edit/"))
    client.post(f"{ADDRESS}edit/", form | {field("species1_code"): "64"})
    found = client.get("/register/", {"species": "64"}).content.decode()
    assert ADDRESS in found


def test_saving_without_a_change_writes_no_history(people):
    client = people()
    client.post(f"{ADDRESS}edit/", inputs(client.get(f"{ADDRESS}edit/")))
    assert "<del>" not in client.get(ADDRESS).content.decode()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("age", "1200", "999"),
        ("age", "四十", "整数"),
        ("species1_code", "75", "75"),
        ("share1", "90", "90%"),
        ("share2", "10", "樹種がありません"),
        ("stock_conifer_m3ha", "-1", "0以上"),
        ("lot", "x" * 41, "40"),
    ],
)
def test_bad_values_are_refused_and_the_input_kept(people, name, value, said):
    client = people()
    form = inputs(client.get(f"{ADDRESS}edit/")) | {field(name): value, field("slope_class"): "急"}
    answer = client.post(f"{ADDRESS}edit/", form)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert inputs(answer)[field("slope_class")] == "急"
    assert stored().slope_class == ""


def test_two_people_at_once_see_both_versions_and_nothing_is_lost(people):
    one, other = people(name="先の人"), people(name="後の人")
    first, second = inputs(one.get(f"{ADDRESS}edit/")), inputs(other.get(f"{ADDRESS}edit/"))
    one.post(f"{ADDRESS}edit/", first | {field("age"): "41"})
    answer = other.post(f"{ADDRESS}edit/", second | {field("age"): "47"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "先の人" in text
    assert re.search(r"<td>41</td>\s*<td>47</td>", text)
    assert stored().age == 41
    # The form keeps what was entered; sent again it replaces what was shown.
    kept = inputs(answer)
    assert kept[field("age")] == "47"
    assert other.post(f"{ADDRESS}edit/", kept).status_code == 302
    assert stored().age == 47
    history = other.get(ADDRESS).content.decode()
    assert "<del>40</del> → <ins>41</ins>" in history
    assert "<del>41</del> → <ins>47</ins>" in history


def test_a_change_of_another_storey_is_a_conflict_too(people):
    one, other = people(), people()
    first, second = inputs(one.get(f"{ADDRESS}edit/")), inputs(other.get(f"{ADDRESS}edit/"))
    one.post(f"{ADDRESS}edit/", first | {field("age", storey=2): "10"})
    assert other.post(f"{ADDRESS}edit/", second | {field("age"): "47"}).status_code == 409
    assert stored().age == 40


def test_undo_brings_back_and_is_itself_history(people):
    client = people()
    client.post(f"{ADDRESS}edit/", inputs(client.get(f"{ADDRESS}edit/")) | {field("age"): "45"})
    number = re.search(r'name="transaction" value="(\d+)"', client.get(ADDRESS).content.decode())[1]
    answer = client.post(f"{ADDRESS}undo/", {"transaction": number}, follow=True)
    assert [str(m) for m in answer.context["messages"]] == ["元の値に戻しました（1件）。"]
    assert stored().age == 40
    assert "<del>45</del> → <ins>40</ins>" in client.get(ADDRESS).content.decode()


def test_undo_does_not_trample_on_a_later_change(people):
    client = people()
    client.post(f"{ADDRESS}edit/", inputs(client.get(f"{ADDRESS}edit/")) | {field("age"): "45"})
    number = re.search(r'name="transaction" value="(\d+)"', client.get(ADDRESS).content.decode())[1]
    client.post(f"{ADDRESS}edit/", inputs(client.get(f"{ADDRESS}edit/")) | {field("age"): "46"})
    answer = client.post(f"{ADDRESS}undo/", {"transaction": number}, follow=True)
    assert "取り消せません：12-34" in answer.content.decode()
    assert stored().age == 46


def chosen(*numbers) -> list[str]:
    from forestgis.registry.models import Subcompartment

    with transaction_as(PREFECTURE):
        rows = Subcompartment.objects.filter(number__in=numbers).order_by("number")
        return [str(row.pk) for row in rows]


def test_many_are_changed_together_and_taken_back_together(people):
    client = people()
    keys = chosen(34, 35, 36)
    shown = client.post("/register/edit/", {"chosen": keys, "query": "species=17"})
    form = inputs(shown) | {
        "chosen": keys,
        "field": "protection_code",
        "value": "11",
        "confirm": "1",
    }
    answer = client.post("/register/edit/", form)
    assert answer["Location"] == "/register/?species=17"
    assert [stored(n).protection_code for n in (34, 35, 36)] == ["11"] * 3
    assert stored(storey=2).protection_code == ""
    number = re.search(r'name="transaction" value="(\d+)"', client.get(ADDRESS).content.decode())[1]
    client.post(f"{ADDRESS}undo/", {"transaction": number})
    assert [stored(n).protection_code for n in (34, 35, 36)] == ["01"] * 3


def test_many_are_changed_all_or_none(people):
    one, other = people(), people()
    keys = chosen(34, 35)
    form = inputs(one.post("/register/edit/", {"chosen": keys})) | {"chosen": keys}
    other.post(f"{ADDRESS}edit/", inputs(other.get(f"{ADDRESS}edit/")) | {field("age"): "41"})
    answer = one.post("/register/edit/", form | {"field": "age", "value": "50", "confirm": "1"})
    assert answer.status_code == 409
    assert "12-34" in answer.content.decode()
    assert [stored(n).age for n in (34, 35)] == [41, 40]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("species1_code", "75", "コード表にない"), ("age", "古い", "整数"), ("height_m", "1e9", "桁")],
)
def test_bad_values_for_many(people, name, value, said):
    client = people()
    keys = chosen(34, 35)
    form = inputs(client.post("/register/edit/", {"chosen": keys})) | {"chosen": keys}
    answer = client.post("/register/edit/", form | {"field": name, "value": value, "confirm": "1"})
    assert said in answer.content.decode()
    assert [stored(n).age for n in (34, 35)] == [40, 40]


def test_nothing_chosen_leads_back(people):
    answer = people().post("/register/edit/", {"query": "species=17"}, follow=True)
    assert "選んでから" in answer.content.decode()


@pytest.mark.parametrize(
    ("code", "role", "page", "writing"),
    [
        (HERE, "municipal_officer", 200, 200),
        (HERE, "municipal_admin", 200, 200),
        (HERE, "reader", 200, 403),
        (THERE, "municipal_officer", 404, 404),
    ],
)
def test_who_may(people, code, role, page, writing):
    client = people(code, role)
    answer = client.get(ADDRESS)
    assert answer.status_code == page
    assert client.get(f"{ADDRESS}map/").status_code == (302 if page == 200 else 404)
    assert client.get(f"{ADDRESS}edit/").status_code == writing
    assert client.post(f"{ADDRESS}undo/", {"transaction": "1"}).status_code == (
        400 if writing == 200 else writing
    )
    many = client.post("/register/edit/", {"chosen": chosen(34)})
    assert many.status_code == (302 if page == 404 else writing)
    if page == 200:
        assert ("編集する" in answer.content.decode()) is (writing == 200)


def test_map_link_leads_into_the_subcompartment(people):
    target = people().get(f"{ADDRESS}map/")["Location"]
    latitude, longitude = re.search(
        r"#map=15/([\d.]+)/([\d.]+)&on=[\w,]+&card=08140000120034", target
    ).groups()
    assert 44.1 < float(latitude) < 44.2
    assert 143.0 < float(longitude) < 143.1


def test_other_editions_stand_beside(people):
    from forestgis.registry.models import Stand, Subcompartment

    with transaction_as(PREFECTURE):
        sub = Subcompartment.objects.get(number=34)
        sub.pk, sub.edition = None, 2023
        sub.save()
        Stand.objects.create(subcompartment=sub, municipality_id=HERE, species1_code="17", age=39)
    page = people().get(ADDRESS).content.decode()
    assert "2023" in page
    assert re.search(r">\s*39\s*\(8\)", page)
    old = people().get(ADDRESS.replace("2024", "2023")).content.decode()
    assert "現行の年度ではありません" in old
