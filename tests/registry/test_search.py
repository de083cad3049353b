"""Searching the register: what is found, in which order, what it adds up to, and for whom."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from forestgis.registry.domain.search import Criteria
from forestgis.tenancy.principal import Principal, transaction_as

HERE, THERE = "01560", "01559"
PREFECTURE = Principal("prefecture", can_write=True)
TOWN = Principal("municipal", codes=(HERE,), can_write=True)
ROWS = 130


@pytest.fixture(scope="module")
def register(database):
    """HERE: 130 小班 of 2024 with every tenth of two storeys, a few of 2023; THERE: one of 2024."""
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry import services
    from forestgis.registry.models import Municipality

    area = MultiPolygon(Polygon.from_bbox((143.0, 44.1, 143.1, 44.2)), srid=6668)
    names = {HERE: ("滝上町", "Takinoue"), THERE: ("湧別町", "Yubetsu")}
    with transaction_as(PREFECTURE):
        services.load_codes(2024)
        for code, (name, name_en) in names.items():
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=name, name_en=name_en, bureau="オホーツク",
                zone=12, geom=area,
            )  # fmt: skip
        for n in range(ROWS):
            make(HERE, 2024, n)
        for n in range(3):
            make(HERE, 2023, n)
        make(THERE, 2024, 7)


def make(code, edition, n):
    """小班 n: 林班 n // 20 + 1, larch or oak in turn, n + 1 years, n / 10 + 0.5 ha."""
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry.models import Stand, Subcompartment

    compartment, number = n // 20 + 1, n % 20 + 1
    west = 143.0 + 0.0005 * n
    sub = Subcompartment.objects.create(
        municipality_id=code, edition=edition, keycode=f"{code[1:]}00{compartment:04d}{number:04d}",
        compartment_number=compartment, number=number, area_ha=Decimal("9.9"),
        register_area_ha=Decimal(n) / 10 + Decimal("0.5"),
        geom=MultiPolygon(Polygon.from_bbox((west, 44.1, west + 0.0005, 44.1005)), srid=6668),
    )  # fmt: skip
    larch = n % 2 == 0
    Stand.objects.create(
        subcompartment=sub, municipality_id=code, forest_type_code="1" if larch else "2",
        protection_code="11" if n < 5 else "01", species1_code="17" if larch else "64",
        species2_code="49" if n == 2 else "", age=n + 1, lot=f"字川上{n + 1}番4",
        stock_conifer_m3ha=Decimal(n) if larch else None,
        stock_broadleaf_m3ha=None if larch else Decimal(2 * n),
    )  # fmt: skip
    if n % 10 == 0:
        Stand.objects.create(
            subcompartment=sub, municipality_id=code, storey=2, species1_code="60", age=5,
            stock_broadleaf_m3ha=Decimal("20.5"),
        )  # fmt: skip


def labels(principal, sort="number", **asked):
    from forestgis.registry.search_selectors import ordered

    with transaction_as(principal):
        return [
            f"{row.compartment_number}-{row.number}" for row in ordered(Criteria(**asked), sort)
        ]


def numbered(*places):
    return [f"{n // 20 + 1}-{n % 20 + 1}" for n in places]


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ({"keycode": "15600000010003"}, [2]),
        ({"compartment": 2, "number": 5}, [24]),
        ({"compartment": 7}, range(120, 130)),
        ({"lot": "川上 3-4"}, [2]),
        ({"lot": "東"}, []),
        ({"species": "64", "age_class_max": 2}, [1, 3, 5, 7, 9]),
        ({"age_class_min": 2, "age_class_max": 2}, range(5, 10)),
        ({"species": "49"}, []),
        ({"species": "49", "any_storey": True}, [2]),
        ({"species": "60", "any_storey": True, "compartment": 1}, [0, 10]),
        ({"protection": "11"}, range(5)),
        ({"forest_type": "2", "compartment": 7}, range(121, 130, 2)),
        ({"area_min_ha": Decimal("0.6"), "area_max_ha": Decimal("0.8")}, [1, 2, 3]),
        # Stock of both storeys; without a statement 小班 are no zeros.
        ({"broadleaf_max_m3ha": Decimal(21), "compartment": 1}, [0, 1, 3, 5, 7, 9, 10]),
        ({"conifer_min_m3ha": Decimal("126.5")}, [128]),
        ({"edition": 2023}, range(3)),
        ({"edition": 2022}, []),
        ({"municipality": THERE}, []),
    ],
)
def test_criteria(register, asked, places):
    assert labels(TOWN, **asked) == numbered(*places)


@pytest.mark.parametrize(
    "sort", ["number", "area", "-area", "broadleaf", "-broadleaf", "age", "-age"]
)
def test_pages_hold_everything_once_in_order_and_lead_back(register, sort):
    from forestgis.registry.search_selectors import page

    whole = labels(TOWN, sort)
    with transaction_as(TOWN):
        pages = [page(Criteria(), sort)]
        while pages[-1].after:
            pages.append(page(Criteria(), sort, after=pages[-1].after))
        back = [pages[-1]]
        while back[-1].before:
            back.append(page(Criteria(), sort, before=back[-1].before))
    assert [len(p.rows) for p in pages] == [50, 50, 30]
    assert [hit.label for p in pages for hit in p.rows] == whole
    assert [hit.label for p in reversed(back) for hit in p.rows] == whole
    assert len(set(whole)) == ROWS
    assert pages[0].before is None


def test_a_municipality_finds_its_own_and_the_prefecture_all(register):
    assert len(labels(TOWN)) == ROWS
    assert labels(Principal("municipal", codes=(THERE,))) == numbered(7)
    assert len(labels(PREFECTURE)) == ROWS + 1
    assert labels(Principal("public")) == []


def test_current_edition_is_each_municipality_s_own(register):
    from django.db import transaction

    from forestgis.registry.models import Edition

    with transaction_as(PREFECTURE):
        Edition.objects.filter(municipality=HERE, state="current").update(state="loaded")
        Edition.objects.filter(municipality=HERE, year=2023).update(state="current")
        assert len(labels(TOWN)) == 3
        assert len(labels(PREFECTURE)) == 4
        Edition.objects.filter(municipality=HERE).update(state="withdrawn")
        assert labels(TOWN) == []
        assert labels(PREFECTURE) == numbered(7)
        transaction.set_rollback(True)


def test_totals_count_areas_once_and_stocks_of_all_storeys(register):
    from forestgis.registry.domain.totals import totalled
    from forestgis.registry.search_selectors import totals

    with transaction_as(TOWN):
        made = totalled(totals(Criteria(compartment=1)), lambda _table, code: code)
    areas = [Decimal(n) / 10 + Decimal("0.5") for n in range(20)]
    assert made.whole.count == 20
    assert made.whole.area_ha == sum(areas)
    assert made.whole.conifer_m3 == sum(n * areas[n] for n in range(0, 20, 2))
    lower = Decimal("20.5") * (areas[0] + areas[10])
    assert made.whole.broadleaf_m3 == sum(2 * n * areas[n] for n in range(1, 20, 2)) + lower
    assert [line.name for line in made.by_species] == ["64", "17"]
    assert [(line.name, line.count) for line in made.by_age_class] == [
        ("1", 5), ("2", 5), ("3", 5), ("4", 5),
    ]  # fmt: skip
    assert sum(line.stock_m3 for line in made.by_age_class) == made.whole.stock_m3


# --- pages ---------------------------------------------------------------------------


@pytest.fixture
def town(register, client_for, officer):
    return client_for(officer(HERE))


def shown(answer) -> list[str]:
    return re.findall(
        r'<th scope="row"[^>]*>\s*(?:<a[^>]*>)?\s*([\d-]+)\s*<', answer.content.decode()
    )


def test_page_shows_a_list_and_loads_totals_by_itself(town, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        answer = town.get("/register/", {"species": "64", "age_class_max": 2})
    assert shown(answer) == numbered(1, 3, 5, 7, 9)
    text = answer.content.decode()
    assert "ミズナラ" in text
    assert 'hx-get="/register/totals/?species=64&amp;age_class_max=2"' in text
    assert "count(" not in text.lower()


def test_list_page_never_counts(town, django_assert_max_num_queries):
    with django_assert_max_num_queries(16) as queries:
        town.get("/register/")
    assert not [q for q in queries if re.search(r"\b(count|sum)\(", q["sql"], re.IGNORECASE)]


def test_totals_take_one_pass(town, django_assert_max_num_queries):
    with django_assert_max_num_queries(16) as queries:
        answer = town.get("/register/totals/", {"compartment": ""})
    counting = [q for q in queries if re.search(r"\bcount\(", q["sql"], re.IGNORECASE)]
    assert len(counting) == 1
    assert f"{ROWS}" in answer.content.decode()
    assert "<svg" in answer.content.decode()


def test_htmx_gets_the_part_it_asks_for(town):
    whole = town.get("/register/")
    part = town.get("/register/", headers={"HX-Request": "true", "HX-Target": "results"})
    rows = town.get("/register/", headers={"HX-Request": "true", "HX-Target": "register-list"})
    back = town.get(
        "/register/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )
    assert "<html" in whole.content.decode()
    assert "<html" in back.content.decode()
    assert "<html" not in part.content.decode()
    assert "register-totals" in part.content.decode()
    assert "register-totals" not in rows.content.decode()
    assert len(shown(whole)) == len(shown(part)) == len(shown(rows)) == 50
    assert "HX-Request" in whole["Vary"]


def test_next_page_keeps_the_search(town):
    answer = town.get("/register/", {"q": "", "forest_type": "1", "sort": "-area"})
    address = re.search(r'rel="next"\s+href="([^"]+)"', answer.content.decode())[1]
    following = town.get(address.replace("&amp;", "&"))
    assert shown(answer) == numbered(*range(128, 29, -2))
    assert shown(following) == numbered(*range(28, -1, -2))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"area_min_ha": "5", "area_max_ha": "3"}, "「以上」の値より小さくなっています"),
        ({"age_class_min": "x"}, "整数"),
        ({"species": "ZZ"}, "ZZ"),
        ({"sort": "owner"}, "owner"),
    ],
)
def test_bad_conditions_are_said_and_kept(town, asked, said):
    answer = town.get("/register/", asked)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert said in text
    assert 'role="alert"' in text
    assert shown(answer) == []


def test_bad_places_are_refused(town):
    for place in ("x", "1~2", "01560~2024~1~1~x"):
        assert town.get("/register/", {"after": place}).status_code == 400


def test_prefecture_chooses_a_municipality_for_lots_and_some_orders(
    register, client_for, prefecture_user
):
    client = client_for(prefecture_user)
    assert "市町村を選んでください" in client.get("/register/", {"q": "川上"}).content.decode()
    assert "市町村を1つ選ぶと" in client.get("/register/", {"sort": "-age"}).content.decode()
    assert shown(client.get("/register/", {"q": "滝上町 川上3番4"})) == numbered(2)
    assert shown(client.get("/register/", {"q": "湧別町"})) == numbered(7)
    assert shown(client.get("/register/", {"lot": "3-4", "municipality": HERE})) == numbered(2)
    both = client.get("/register/", {"q": "1-8"}).content.decode()
    assert "滝上町" in both
    assert "湧別町" in both


def test_another_municipality_s_register_is_not_on_the_page(register, client_for, officer):
    neighbour = client_for(officer(THERE))
    assert shown(neighbour.get("/register/")) == numbered(7)
    assert shown(neighbour.get("/register/", {"municipality": HERE})) == numbered(7)
    assert shown(neighbour.get("/register/", {"q": "15600000010003"})) == []
    assert (
        "条件に合う小班がありません" in neighbour.get("/register/", {"q": "9-9"}).content.decode()
    )


def test_nobody_gets_the_login(register, client_for):
    assert client_for(None).get("/register/").status_code == 302
    assert client_for(None).get("/register/totals/").status_code == 302


def test_page_speaks_english(town):
    from django.utils import translation

    with translation.override("ja"):
        answer = town.get("/register/", {"q": "1-2"}, headers={"Accept-Language": "en"})
    text = answer.content.decode()
    assert "Quercus crispula" in text
    assert "ミズナラ" not in text
    assert json.dumps("Search")[1:-1] in text


def test_search_at_home_reads_along_its_own_numbers(register):
    """The policy must not talk the planner into walking over all municipalities."""
    from django.db import connection

    from forestgis.registry.search_selectors import ordered, planned_for

    criteria = Criteria(species="17", broadleaf_min_m3ha=Decimal(1))
    with transaction_as(TOWN), connection.cursor() as cursor:
        with planned_for(criteria):
            sql, params = ordered(criteria, "number")[:51].query.sql_with_params()
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SHOW enable_bitmapscan")
        assert cursor.fetchone() == ("on",)
    assert "Bitmap" not in plan


def test_places_of_what_was_found_lie_inside(register, monkeypatch):
    from pyproj import Transformer

    from forestgis.registry import search_selectors
    from forestgis.registry.domain.mercator import degrees_of

    with transaction_as(TOWN):
        found = search_selectors.on_map(Criteria(compartment=1), "number")
        monkeypatch.setattr(search_selectors, "MOST_ON_MAP", 5)
        some = search_selectors.on_map(Criteria(compartment=1), "number")
    assert len(found.points) == 20
    assert not found.more
    assert (len(some.points), some.more) == (5, True)
    assert all(143.0 < x < 143.01 and 44.1 < y < 44.1005 for x, y in found.points)
    back = Transformer.from_crs(4326, 3857, always_xy=True).transform(143.2, 43.9)
    assert degrees_of(*back) == pytest.approx((143.2, 43.9), abs=1e-9)


def test_found_is_shown_on_the_map(town, register, client_for, officer):
    page = town.get("/map/", {"show": "found", "q": "1-", "species": "64"})
    text = page.content.decode()
    assert len(page.context["map_config"]["points"]) == 10
    west, _south, east, _north = page.context["map_config"]["bounds"]
    assert 143.0 < west < east < 143.01
    assert "10件に印" in text
    assert 'href="/register/?q=1-&amp;species=64"' in text
    assert town.get("/map/", {"show": "found", "age_class_min": "x"}).status_code == 200
    neighbour = client_for(officer(THERE)).get("/map/", {"show": "found", "municipality": HERE})
    assert len(neighbour.context["map_config"]["points"]) == 1


# --- files ---------------------------------------------------------------------------


def content(answer) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_csv_holds_what_the_search_found_in_its_order(town):
    answer = town.get("/register/export/", {"species": "64", "sort": "-area", "format": "csv"})
    text = content(answer).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [f"{row['林班']}-{row['小班']}" for row in rows] == numbered(*range(129, 0, -2))
    assert rows[-1] == {
        "市町村コード": HERE, "市町村": "滝上町", "年度": "2024", "KEYCODE": "15600000010002",
        "林班": "1", "小班": "2", "林種": "天然林", "森林の種類": "水源かん養保安林", "樹種": "ミズナラ",
        "ほかの樹種": "", "層数": "1", "林齢": "2", "齢級": "1", "面積 (ha)": "0.6",
        "針葉樹蓄積 (m3/ha)": "", "広葉樹蓄積 (m3/ha)": "2", "代表地番": "字川上2番4",
    }  # fmt: skip
    assert "attachment" in answer["Content-Disposition"]


def test_offices_get_shift_jis(town):
    raw = content(town.get("/register/export/", {"q": "1-2", "format": "csv-sjis"}))
    text = raw.decode("cp932")
    assert "滝上町" in text
    assert "〓" not in text


def test_workbook_has_numbers_as_numbers(town):
    import openpyxl

    raw = content(town.get("/register/export/", {"q": "1-2", "format": "xlsx"}))
    head, row = openpyxl.load_workbook(io.BytesIO(raw)).active.iter_rows(values_only=True)
    found = dict(zip(head, row, strict=True))
    assert found["KEYCODE"] == "15600000010002"
    assert found["面積 (ha)"] == pytest.approx(0.6)
    assert found["針葉樹蓄積 (m3/ha)"] is None


def test_geopackage_has_the_shapes(town, tmp_path):
    import pyogrio
    import shapely

    path = tmp_path / "found.gpkg"
    path.write_bytes(content(town.get("/register/export/", {"compartment": "", "format": "gpkg"})))
    meta, _fids, shapes, columns = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:6668"
    assert len(shapes) == ROWS
    fields = dict(zip(meta["fields"], columns, strict=True))
    first = list(fields["keycode"]).index("15600000010001")
    assert shapely.from_wkb(shapes[first]).bounds[0] == pytest.approx(143.0)
    assert fields["species"][first] == "カラマツ"
    empty = town.get("/register/export/", {"q": "99-9", "format": "gpkg"})
    path.write_bytes(content(empty))
    assert pyogrio.read_info(path)["features"] == 0


def test_cells_are_never_formulas(register, client_for, officer):
    from django.db import transaction

    from forestgis.registry.models import Stand

    with transaction_as(PREFECTURE):
        Stand.objects.filter(subcompartment__number=8, municipality=THERE).update(lot="=1+1")
    raw = content(client_for(officer(THERE)).get("/register/export/", {"format": "csv"}))
    assert ",'=1+1" in raw.decode("utf-8-sig")
    with transaction_as(PREFECTURE), transaction.atomic():
        Stand.objects.filter(subcompartment__number=8, municipality=THERE).update(lot="字川上8番4")


def test_taking_out_is_written_down(town, officer):
    from forestgis.audit.models import Entry

    content(town.get("/register/export/", {"q": "1-", "format": "csv"}))
    with transaction_as(Principal("prefecture", can_write=True, is_administrator=True)):
        entry = Entry.objects.filter(action="read", table_name="registry_summary").first()
    assert (entry.municipality_code, entry.row_count, entry.purpose) == (
        HERE,
        20,
        "森林簿の書き出し",
    )


def test_another_municipality_takes_out_its_own(register, client_for, officer):
    neighbour = client_for(officer(THERE))
    raw = content(neighbour.get("/register/export/", {"municipality": HERE, "format": "csv"}))
    assert len(raw.decode("utf-8-sig").splitlines()) == 2
    assert HERE not in raw.decode("utf-8-sig")


@pytest.mark.parametrize("asked", [{"format": "exe"}, {}, {"format": "csv", "age_class_min": "x"}])
def test_bad_exports_are_refused(town, asked):
    assert town.get("/register/export/", asked).status_code == 400


def test_much_is_written_by_a_job(register, client_for, officer, settings, tmp_path, monkeypatch):
    from forestgis.registry.views import export

    settings.FORESTGIS_FILES = tmp_path
    monkeypatch.setenv("FORESTGIS_FILES", str(tmp_path))
    monkeypatch.setattr(export, "MOST_AT_ONCE", 50)
    town = client_for(officer(HERE))
    asked = town.get("/register/export/", {"format": "csv", "species": "17"})
    assert "裏で書き出します" in asked.content.decode()
    begun = town.post("/register/export/ask/", {"format": "csv", "species": "17"})
    address = begun["Location"]
    assert town.get(f"{address}file").status_code == 404
    assert "<progress" in town.get(address).content.decode()
    subprocess.run([sys.executable, "manage.py", "runworker", "--batch"], check=True, timeout=60)
    assert "65件を書き出しました" in town.get(address).content.decode()
    raw = content(town.get(f"{address}file"))
    assert len(raw.decode("utf-8-sig").splitlines()) == 1 + 65
    neighbour = client_for(officer(THERE))
    assert neighbour.get(address).status_code == 404
    assert neighbour.get(f"{address}file").status_code == 404
