"""From a chosen file to a register in use, as an officer does it."""

import re

import pytest
from django.urls import reverse
from shapely.geometry import MultiPolygon, box

from forestgis.jobs import execution
from forestgis.registry import services
from forestgis.registry.geometry import to_geos
from forestgis.registry.models import ImportSource, Municipality, RegisterImport, Stand
from forestgis.tenancy.principal import Principal, transaction_as
from tests.registry.conftest import SOUTH, WEST, in_degrees, square, write_polygons

HOST = Principal("prefecture", can_write=True)
KEYS = ["11990100410001", "11990100410002"]


@pytest.fixture(scope="module", autouse=True)
def places(database, municipality):
    area = in_degrees(box(WEST - 2000, SOUTH - 2000, WEST + 2000, SOUTH + 2000))
    with transaction_as(HOST):
        services.load_codes(2024)
        for code, name in (("01560", "滝上町"), ("01562", "西興部村")):
            municipality(code)
            Municipality.objects.create(
                code=code,
                code6=f"{code}0",
                name=name,
                bureau="",
                zone=12,
                geom=to_geos(MultiPolygon([area])),
            )


@pytest.fixture(scope="module")
def people(officer):
    return {
        "officer": officer("01560"),
        "reader": officer("01560", "reader"),
        "neighbour": officer("01562"),
    }


@pytest.fixture
def officer_page(client_for, people):
    return client_for(people["officer"])


def bring(client, tmp_path, *, year=2024, head="KEYCODE,林齢", age=40, keys=KEYS):
    polygons = write_polygons(
        tmp_path / f"{year}.gpkg", keys, [square(number, 0) for number in range(len(keys))]
    )
    lines = "".join(f"{key},{age}\n" for key in keys)
    table = tmp_path / f"{year}.csv"
    table.write_text(f"{head}\n{lines}", "utf-8")
    with polygons.open("rb") as one, table.open("rb") as other:
        answer = client.post(
            reverse("registry:import_list"),
            {"municipality": "01560", "year": year, "file": one, "rows": other},
        )
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def work(address):
    """Do the waiting job of the import at this address."""
    pk = re.search(r"[0-9a-f-]{36}", address)[0]
    with transaction_as(HOST):
        upload = RegisterImport.objects.get(pk=pk)
    execution.run(upload.job_id)
    with transaction_as(HOST):
        return RegisterImport.objects.select_related("job").get(pk=pk)


def test_from_the_file_to_the_register(officer_page, tmp_path):
    address = bring(officer_page, tmp_path)
    assert "hx-get" in officer_page.get(address).content.decode()
    assert work(address).state == "checked"
    page = officer_page.get(address).content.decode()
    assert "新規 2、変更 0、同じ 0、なくなる 0" in page
    with transaction_as(HOST):
        assert not Stand.objects.exists()
    officer_page.post(address + "store", {"use": "on"})
    upload = work(address)
    assert (upload.state, upload.file.name, upload.rows_file.name) == ("stored", "", "")
    with transaction_as(HOST):
        assert sorted(Stand.objects.values_list("age", flat=True)) == [40, 40]
    years = officer_page.get(reverse("registry:edition_list")).content.decode()
    assert "現行" in years
    assert "2024.gpkg" in years


def test_a_file_with_other_headings_is_mapped_and_the_mapping_kept(officer_page, tmp_path):
    address = bring(officer_page, tmp_path, year=2021, head="鍵,齢")
    assert work(address).state == "refused"
    page = officer_page.get(address).content.decode()
    assert "列「KEYCODE」がありません" in page
    assert "2021.csv" in page
    officer_page.post(address + "columns", {"keycode": "鍵", "age": "齢", "save_as": "本庁の様式"})
    assert work(address).state == "checked"
    with transaction_as(HOST):
        source = ImportSource.objects.get(name="本庁の様式")
    assert source.mapping == {"keycode": "鍵", "age": "齢"}
    assert "本庁の様式" in officer_page.get(reverse("registry:import_list")).content.decode()


def test_two_years_are_compared_and_one_goes_back(officer_page, tmp_path):
    for year, age in ((2030, 50), (2031, 51)):
        address = bring(officer_page, tmp_path, year=year, age=age)
        work(address)
        officer_page.post(address + "store", {"use": "on"})
        assert work(address).state == "stored"
    page = officer_page.get(reverse("registry:differences", args=["01560", 2030, 2031]))
    assert "林齢 (年)（1層）" in page.content.decode()
    assert "50 → 51" in " ".join(page.content.decode().split())
    picture = officer_page.get(reverse("registry:difference_map", args=["01560", 2030, 2031]))
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture.content.decode().count("#f9a825") == 2
    back = officer_page.post(reverse("registry:edition_state", args=["01560", 2030]), follow=True)
    assert "地図と検索は2030年度になりました。" in back.content.decode()


def test_a_changed_file_is_not_stored(officer_page, tmp_path):
    address = bring(officer_page, tmp_path, year=2019)
    upload = work(address)
    with open(upload.rows_file.path, "a", encoding="utf-8") as stream:  # noqa: PTH123 - as any program would
        stream.write(f"{KEYS[0]},99\n")
    officer_page.post(address + "store")
    upload = work(address)
    assert (upload.state, upload.job.state) == ("checked", "failed")
    assert "検査したときと違います" in officer_page.get(address).content.decode()


def test_giving_up_takes_the_files_away(officer_page, tmp_path):
    address = bring(officer_page, tmp_path, year=2018)
    upload = work(address)
    path = upload.file.path
    assert officer_page.post(address + "discard").status_code == 302
    assert officer_page.get(address).status_code == 404
    with pytest.raises(FileNotFoundError):
        open(path, "rb")  # noqa: PTH123, SIM115 - raises


@pytest.mark.parametrize("who", ["neighbour", "reader"])
def test_others_see_or_change_nothing(officer_page, client_for, people, tmp_path, who):
    address = bring(officer_page, tmp_path, year=2017)
    work(address)
    other = client_for(people[who])
    assert other.get(address).status_code == (404 if who == "neighbour" else 200)
    for action in ("store", "discard", "columns"):
        other.post(address + action, {"use": "on"})
    with transaction_as(HOST):
        upload = RegisterImport.objects.get(year=2017)
        assert upload.state == "checked"
        assert upload.job.kind == "registry.check"
        upload.delete()
    answer = other.post(reverse("registry:import_list"), {"municipality": "01560", "year": 2016})
    assert answer.status_code == 400
    years = other.get(reverse("registry:edition_list"), {"municipality": "01560"}).content.decode()
    assert "現行にする" not in years
