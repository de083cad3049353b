"""Imports into the ledger: dry run, all or nothing, history, overlay, who sees what."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from shapely.geometry import MultiPolygon

from forestgis.accounts.principals import principal_of
from forestgis.audit.models import Entry
from forestgis.parcels.errors import NotYoursError
from forestgis.parcels.models import Ledger, Parcel, ParcelOwner, ParcelShare
from forestgis.parcels.services.ledger import import_ledger, import_owners
from forestgis.parcels.services.maps import import_map
from forestgis.parcels.services.overlay import relate
from forestgis.registry.geometry import to_geos
from forestgis.registry.models import Subcompartment
from forestgis.tenancy.principal import PUBLIC, Principal, transaction_as
from tests.parcels.conftest import CODE, moj_map, ring
from tests.registry.conftest import in_degrees, square

PREFECTURE = Principal("prefecture", can_write=True)
HEAD = "大字,字,地番,地目,地積,登記所有者氏名,登記所有者住所,現所有者氏名,現所有者住所\n"
LEDGER = HEAD + (
    "滝上,,12-1,山林,10000,甲野太郎,札幌市1,,\n"
    "滝上,,12-2,山林,9990,乙川花子,滝上町2,丙山次郎,滝上町3\n"
    "滝上,,99,原野,500,,,,\n"
)
SHEET = moj_map({"12-1": ring(0, 0), "12-2": ring(1, 0)})


@pytest.fixture
def people(officer, prefecture_user):
    """Principals by what they are."""
    return {
        "officer": principal_of(officer(CODE)),
        "reader": principal_of(officer(CODE, role="reader")),
        "analyst": principal_of(officer(CODE, role="analyst")),
        "read token": principal_of(officer(CODE), may_edit=False),
        "neighbour": principal_of(officer("01562")),
        "prefecture": principal_of(prefecture_user),
        "nobody": PUBLIC,
    }


@pytest.fixture(autouse=True)
def empty(place):
    """Begin without lots."""
    with transaction.atomic(using="migrator"), connection_of_owner() as cursor:
        cursor.execute(
            "TRUNCATE parcels_parcelshare, parcels_parcelowner, parcels_parcel, parcels_ledger CASCADE"
        )


def connection_of_owner():
    from django.db import connections

    return connections["migrator"].cursor()


def put(who, place, written, *, sheet=SHEET, ledger=LEDGER):
    with transaction_as(who):
        if sheet:
            assert import_map(place, written("m.xml", sheet), "m.xml", dry_run=False).stored
        if ledger:
            assert import_ledger(place, written("l.csv", ledger), "l.csv", dry_run=False).stored


def owners(who):
    with transaction_as(who):
        rows = ParcelOwner.objects.filter(ended_on__isnull=True).order_by(
            "parcel__lot", "basis", "pk"
        )
        return list(rows.values_list("parcel__lot", "basis", "name"))


def test_dry_run_counts_and_stores_nothing(place, people, written):
    with transaction_as(people["officer"]):
        drawn = import_map(place, written("m.xml", SHEET), "m.xml")
        listed = import_ledger(place, written("l.csv", LEDGER), "l.csv")
        assert (drawn.lots, drawn.new, drawn.stored) == (2, 2, False)
        assert (listed.lots, listed.new, listed.owners_new, listed.stored) == (3, 3, 3, False)
        assert Parcel.objects.count() == 0


def test_map_and_ledger_meet_in_one_lot(place, people, written):
    put(people["officer"], place, written)
    with transaction_as(people["officer"]):
        lots = {lot.lot: lot for lot in Parcel.objects.all()}
    assert set(lots) == {"12-1", "12-2", "99"}
    assert lots["12-1"].in_ledger
    assert lots["12-1"].drawn
    assert lots["12-1"].map_area_m2 == pytest.approx(Decimal(10000), abs=Decimal("0.1"))
    assert lots["12-1"].registered_area_m2 == 10000
    assert not lots["99"].drawn


def test_one_refused_row_stores_nothing(place, people, written):
    with transaction_as(people["officer"]):
        bad = written("l.csv", LEDGER + "滝上,,12-1,山林,1,,,,\n")
        report = import_ledger(place, bad, "l.csv", dry_run=False)
        assert not report.stored
        assert [fault.code for fault in report.faults if fault.severity == "refuse"] == [
            "duplicate_lot"
        ]
        assert Parcel.objects.count() == 0


def test_importing_again_changes_only_what_differs(place, people, written):
    who = people["officer"]
    put(who, place, written)
    with transaction_as(who):
        again = import_map(place, written("m.xml", SHEET), "m.xml")
        assert (again.new, again.changed, again.unchanged, again.removed) == (0, 0, 2, 0)
        moved = moj_map({"12-1": ring(0, 1)})
        report = import_map(place, written("m.xml", moved), "m.xml", dry_run=False)
        assert (report.changed, report.removed) == (1, 1)
        lost = Parcel.objects.get(lot="12-2")
        assert (lost.drawn, lost.in_ledger, lost.map_area_m2) == (False, True, None)
        shorter = written("l.csv", LEDGER.replace("滝上,,99,原野,500,,,,\n", ""))
        assert import_ledger(place, shorter, "l.csv", dry_run=False).removed == 1
        assert not Parcel.objects.get(lot="99").in_ledger


def test_another_map_leaves_the_first_alone(place, people, written):
    who = people["officer"]
    put(who, place, written)
    with transaction_as(who):
        other = moj_map({"20": ring(3, 0)}, name="滝上-2")
        report = import_map(place, written("n.xml", other), "n.xml", dry_run=False)
        assert (report.new, report.removed) == (1, 0)
        assert Parcel.objects.filter(geom__isnull=False).count() == 3


def test_owner_ends_and_the_next_begins(place, people, written):
    who = people["officer"]
    put(who, place, written)
    put(who, place, written, sheet=None, ledger=LEDGER.replace("甲野太郎", "甲野一郎"))
    assert ("12-1", "registered", "甲野一郎") in owners(who)
    with transaction_as(who):
        first = ParcelOwner.objects.get(name="甲野太郎")
        assert first.ended_on is not None
        with pytest.raises(DatabaseError), transaction.atomic():
            ParcelOwner.objects.filter(pk=first.pk).delete()


def test_owners_of_their_own_table_replace_those_of_the_lots_named(place, people, written):
    who = people["officer"]
    put(who, place, written)
    table = "大字,字,地番,区分,氏名,住所,持分\n滝上,,12-1,登記,甲,A,1/2\n滝上,,12-1,登記,乙,B,1/2\n"
    with transaction_as(who):
        report = import_owners(place, written("o.csv", table), "o.csv", dry_run=False)
        assert (report.owners_new, report.owners_ended) == (2, 1)
        lost = table + "滝上,,777,登記,丁,C,\n"
        refused = import_owners(place, written("o.csv", lost), "o.csv", dry_run=False)
        assert [(f.code, f.line) for f in refused.faults] == [("owner_without_parcel", 4)]
        assert not refused.stored
    assert [name for lot, _basis, name in owners(who) if lot == "12-1"] == ["甲", "乙"]


def test_arbitrary_sheet_is_listed_but_not_on_the_map(place, people, written):
    who = people["officer"]
    sheet = moj_map({"5": [(0, 0), (0, 10), (20, 10), (20, 0)]}, system="任意座標系")
    put(who, place, written, sheet=sheet, ledger=None)
    with transaction_as(who), connection.cursor() as cursor:
        lot = Parcel.objects.get(lot="5")
        assert (lot.drawn, lot.coordinate_system) == (False, "任意座標系")
        assert lot.local_geom.area == pytest.approx(200)
        cursor.execute("SELECT count(*) FROM map_parcel")
        assert cursor.fetchone() == (0,)


def test_owners_are_for_those_whose_duty_it_is(place, people, written):
    put(people["officer"], place, written)
    seen = {name: len(owners(who)) for name, who in people.items()}
    assert seen == {
        "officer": 3, "prefecture": 3, "reader": 0, "analyst": 0, "read token": 0, "neighbour": 0, "nobody": 0,
    }  # fmt: skip


def test_lots_are_the_municipality_s_until_it_publishes(place, people, written):
    put(people["officer"], place, written)

    def counts():
        seen = {}
        for name in ("officer", "reader", "neighbour", "nobody", "prefecture"):
            with transaction_as(people[name]):
                seen[name] = Parcel.objects.count()
        return seen

    assert counts() == {"officer": 3, "reader": 3, "neighbour": 0, "nobody": 0, "prefecture": 3}
    with transaction_as(people["officer"]):
        Ledger.objects.create(municipality=place, sharing="municipalities")
    assert counts() == {"officer": 3, "reader": 3, "neighbour": 3, "nobody": 0, "prefecture": 3}
    with transaction_as(people["officer"]):
        Ledger.objects.update(sharing="public")
    assert counts() == {"officer": 3, "reader": 3, "neighbour": 3, "nobody": 3, "prefecture": 3}
    assert owners(people["neighbour"]) == []


@pytest.mark.parametrize("name", ["reader", "neighbour", "nobody"])
def test_others_import_nothing(place, people, written, name):
    with transaction_as(people[name]), pytest.raises(NotYoursError):
        import_map(place, written("m.xml", SHEET), "m.xml", dry_run=False)
    with transaction_as(people[name]), pytest.raises(DatabaseError):
        Parcel.objects.create(municipality=place, lot="1", lot_key="||1")


def test_changes_are_in_the_trail_and_owners_only_for_administrators(
    place, people, officer, written
):
    put(people["officer"], place, written)
    with transaction_as(people["officer"]):
        assert Entry.objects.filter(table_name="parcels_parcel").exists()
        assert not Entry.objects.filter(table_name="parcels_parcelowner").exists()
    with transaction_as(principal_of(officer(CODE, role="municipal_admin"))):
        entry = Entry.objects.filter(table_name="parcels_parcelowner").first()
    assert entry.after["name"]


def test_shares_of_lots_in_stands_add_up(place, people, written):
    """A lot that lies in two 小班, 30 and 70 of its 100 m, and one that lies in none."""
    who = people["officer"]
    put(who, place, written, sheet=moj_map({"1": ring(0, 0), "2": ring(9, 9)}), ledger=None)
    left, right = square(0, 0), square(1, 0)
    from shapely.affinity import translate

    with transaction_as(who):
        Subcompartment.objects.filter(municipality=place).delete()
        for number, shape in enumerate((translate(left, -70), translate(right, -70)), 1):
            Subcompartment.objects.create(
                municipality=place, edition=2024, keycode=f"{number:014d}", compartment_number=1,
                number=number, geom=to_geos(MultiPolygon([in_degrees(shape)])), area_ha=1,
            )  # fmt: skip
        assert relate(place, 2024) == 2
        assert relate(place, 2024) == 2
        rows = ParcelShare.objects.order_by("keycode")
        shares = [(row.share_of_parcel, row.share_of_subcompartment) for row in rows]
        areas = [row.area_m2 for row in rows]
    assert [float(a) for a, _b in shares] == pytest.approx([0.3, 0.7], abs=1e-3)
    assert [float(b) for _a, b in shares] == pytest.approx([0.3, 0.7], abs=1e-3)
    assert [float(a) for a in areas] == pytest.approx([3000, 7000], abs=1)
