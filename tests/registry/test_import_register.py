"""Importing a register: dry run, all or nothing, replacing an edition, who sees it."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from shapely.geometry import MultiPolygon, box

from forestgis.registry import selectors, services
from forestgis.registry.geometry import to_geos
from forestgis.registry.models import (
    Compartment,
    Municipality,
    Stand,
    Subcompartment,
)
from forestgis.tenancy.principal import PUBLIC, Principal, transaction_as
from tests.registry.conftest import SOUTH, WEST, in_degrees, square, write_polygons

PREFECTURE = Principal("prefecture", can_write=True)
OWNER = Principal("municipal", codes=("01560",), can_write=True)
READER = Principal("municipal", codes=("01560",), can_write=False)
NEIGHBOUR = Principal("municipal", codes=("01562",), can_write=True)
KEYS = ["11990100410001", "11990100410002", "11990100420001"]
HEAD = "KEYCODE,面積,林種コード,樹種1コード,樹種1比率,林齢,HA当蓄積N,HA当蓄積L,複層区分コード\n"


@pytest.fixture(autouse=True)
def municipality(database):
    """滝上町 with its code tables and nothing else."""
    area = in_degrees(box(WEST - 2000, SOUTH - 2000, WEST + 2000, SOUTH + 2000))
    with transaction_as(PREFECTURE):
        place, _made = Municipality.objects.update_or_create(
            code="01560",
            defaults={
                "code6": "015601",
                "name": "滝上町",
                "bureau": "オホーツク総合振興局",
                "zone": 12,
                "geom": to_geos(MultiPolygon([area])),
            },
        )
        services.load_codes(2024)
    yield place
    with transaction_as(PREFECTURE):
        Subcompartment.objects.all().delete()
        Compartment.objects.all().delete()


@pytest.fixture
def files(tmp_path):
    """Three 小班 in two 林班; the second has two storeys."""
    polygons = write_polygons(
        tmp_path / "小班.gpkg", KEYS, [square(0, 0), square(1, 0), square(0, 1)]
    )
    rows = tmp_path / "調査簿.csv"
    rows.write_text(
        HEAD
        + "11990100410001,1.0,1,23,100,40,210,20,\n"
        + "11990100410002,1.0,1,17,100,50,180,0,1\n"
        + "11990100410002,1.0,2,98,100,50,0,60,2\n"
        + "11990100420001,1.0,2,75,100,80,10,120,\n",
        "cp932",
    )
    return polygons, rows


def run_import(place, files, principal=OWNER, **options):
    options = {"dry_run": False, "edition": 2024} | options
    with transaction_as(principal):
        return services.import_register(
            municipality=place, polygons=files[0], rows=files[1], **options
        )


def counts(principal=OWNER):
    with transaction_as(principal):
        return tuple(m.objects.count() for m in (Compartment, Subcompartment, Stand))


def test_dry_run_reports_and_stores_nothing(municipality, files):
    report = run_import(municipality, files, dry_run=True)
    assert (report.polygons, report.rows, report.new, report.stored) == (3, 4, 3, False)
    assert [(f.code, f.value, f.line) for f in report.faults] == [("unknown_code", "75", 5)]
    assert report.acceptable
    assert counts() == (0, 0, 0)


def test_import_stores_all(municipality, files):
    assert run_import(municipality, files).stored
    assert counts() == (2, 3, 4)
    with transaction_as(OWNER):
        sub = Subcompartment.objects.get(keycode=KEYS[1])
        assert (sub.label, sub.area_ha, sub.register_area_ha) == ("41-2", Decimal(1), Decimal(1))
        # the 林班 is the union of its 小班: two hectares side by side
        first = Compartment.objects.get(number=41)
        assert first.geom.area == pytest.approx(2 * sub.geom.area, rel=1e-3)


def test_storeys_add_stock_but_not_area(municipality, files):
    run_import(municipality, files)
    with transaction_as(OWNER):
        entry = selectors.register_entry(KEYS[1])
    assert (entry.stock_conifer_m3ha, entry.stock_broadleaf_m3ha) == (Decimal(180), Decimal(60))
    assert entry.register_area_ha == Decimal(1)
    assert [storey.species[0][0] for storey in entry.storeys] == ["カラマツ", "天然林広葉樹"]


def test_unknown_code_stays_visible_as_unknown(municipality, files):
    run_import(municipality, files)
    with transaction_as(OWNER):
        entry = selectors.register_entry(KEYS[2])
    assert entry.storeys[0].species == (("不明（コード75）", 100),)


def test_second_import_of_the_same_changes_nothing(municipality, files):
    run_import(municipality, files)
    report = run_import(municipality, files, dry_run=True)
    assert (report.new, report.changed, report.unchanged, report.removed) == (0, 0, 3, 0)


def test_changed_new_and_removed_are_counted_and_replaced(municipality, files, tmp_path):
    run_import(municipality, files)
    polygons = write_polygons(
        tmp_path / "new.gpkg",
        [KEYS[0], KEYS[1], "11990100430001"],
        [square(0, 0), square(2, 0), square(5, 5)],
    )
    files[1].write_text(
        HEAD + "".join(files[1].read_text("cp932").splitlines(keepends=True)[1:4]), "cp932"
    )
    report = run_import(municipality, (polygons, files[1]))
    assert (report.new, report.changed, report.unchanged, report.removed) == (1, 1, 1, 1)
    with transaction_as(OWNER):
        kept = set(Subcompartment.objects.values_list("keycode", flat=True))
    assert kept == {KEYS[0], KEYS[1], "11990100430001"}


def test_editions_stand_side_by_side(municipality, files):
    run_import(municipality, files, edition=2023)
    run_import(municipality, files, edition=2024)
    assert counts() == (4, 6, 8)
    with transaction_as(OWNER):
        assert selectors.register_entry(KEYS[0]).edition == 2024


def test_any_refusing_fault_stores_nothing(municipality, files):
    run_import(municipality, files)
    before = counts()
    text = files[1].read_text("cp932") + "11990199999999,1.0,1,23,100,40,210,20,\n"
    files[1].write_text(text, "cp932")
    report = run_import(municipality, files, edition=2024)
    assert not report.stored
    assert [(f.code, f.line, f.value) for f in report.faults if f.severity == "refuse"] == [
        ("row_without_polygon", 6, "11990199999999")
    ]
    assert counts() == before


def test_both_files_faults_come_in_one_report(municipality, files, tmp_path):
    bad = tmp_path / "x.gpkg"
    bad.write_bytes(b"nothing")
    rows = tmp_path / "y.csv"
    rows.write_text("小班\n1\n", "utf-8")
    report = run_import(municipality, (bad, rows))
    assert [(f.file, f.code) for f in report.faults] == [
        ("x.gpkg", "unreadable"),
        ("y.csv", "no_column"),
    ]


def test_contradicting_areas_are_warned_of(municipality, files):
    files[1].write_text(files[1].read_text("cp932").replace("0001,1.0,1", "0001,3.0,1"), "cp932")
    report = run_import(municipality, files, dry_run=True)
    fault = next(f for f in report.faults if f.code == "area_differs")
    assert (fault.line, fault.severity) == (2, "warn")
    assert "1.0000 ha / 3.0 ha" in fault.problem


@pytest.mark.parametrize("principal", [READER, NEIGHBOUR, PUBLIC], ids=lambda p: p.kind)
def test_who_may_not_write_is_stopped_by_the_database(municipality, files, principal):
    with pytest.raises(DatabaseError, match="row-level security"):
        run_import(municipality, files, principal)
    assert counts(PREFECTURE) == (0, 0, 0)


@pytest.mark.parametrize("model", [Compartment, Subcompartment, Stand], ids=lambda m: m.__name__)
def test_register_is_its_own_municipalitys(municipality, files, model):
    run_import(municipality, files)
    for principal, sees in ((OWNER, True), (READER, True), (PREFECTURE, True)):
        with transaction_as(principal):
            assert model.objects.exists() is sees
    for principal in (NEIGHBOUR, PUBLIC):
        with transaction_as(principal):
            assert not model.objects.exists()
            assert model.objects.update(municipality="01560") == 0
            assert model.objects.all().delete()[0] == 0


def test_without_a_principal_nothing_is_seen(municipality, files):
    run_import(municipality, files)
    with transaction.atomic():
        assert not Subcompartment.objects.exists()


def test_neighbours_same_keycodes_do_not_stop_an_import(municipality, files):
    run_import(municipality, files)
    with transaction_as(PREFECTURE):
        Municipality.objects.get_or_create(
            code="01562",
            defaults={
                "code6": "015628",
                "name": "西興部村",
                "bureau": "オホーツク総合振興局",
                "zone": 12,
                "geom": municipality.geom,
            },
        )
        neighbour = Municipality.objects.get(pk="01562")
    assert run_import(neighbour, files, NEIGHBOUR).stored
    assert counts(OWNER) == counts(NEIGHBOUR) == (2, 3, 4)


def test_nobody_hangs_storeys_below_anothers_subcompartment(municipality, files):
    run_import(municipality, files)
    with transaction_as(OWNER):
        stand = Stand.objects.first()
    stand.pk, stand.storey, stand.municipality_id = None, 4, "01562"
    with pytest.raises(IntegrityError, match="same_municipality"), transaction_as(NEIGHBOUR):
        stand.save(force_insert=True)
