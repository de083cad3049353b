"""Years side by side: which one is used, going back, what differs."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from shapely.geometry import MultiPolygon, box

from forestgis.audit.selectors import history_of
from forestgis.registry import edition_selectors as editions
from forestgis.registry import selectors
from forestgis.registry.geometry import to_geos, to_shapely
from forestgis.registry.models import Edition, Municipality, Stand, Subcompartment
from forestgis.registry.services.editions import EditionError, make_current, withdraw
from forestgis.tenancy.principal import Principal, transaction_as
from tests.registry.conftest import in_degrees, square

PREFECTURE = Principal("prefecture", can_write=True)
OWNER = Principal("municipal", codes=("01560",), can_write=True)
READER = Principal("municipal", codes=("01560",))
NEIGHBOUR = Principal("municipal", codes=("01562",), can_write=True)
KEYS = [f"1199010041000{number}" for number in range(1, 5)]


@pytest.fixture(scope="module", autouse=True)
def places(database):
    area = to_geos(MultiPolygon([box(142, 44, 144, 45)]))
    with transaction_as(PREFECTURE):
        for code, name in (("01560", "滝上町"), ("01562", "西興部村")):
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=name, bureau="", zone=12, geom=area
            )


@pytest.fixture(autouse=True)
def register():
    """2023: 小班 1-3. 2024: 1 the same, 2 older, 3 gone, 4 new."""
    with transaction_as(OWNER):
        for year, numbers in ((2023, (1, 2, 3)), (2024, (1, 2, 4))):
            for number in numbers:
                add(year, number, age=40 + (year - 2023) * (number == 2))
    yield
    with transaction_as(PREFECTURE):
        Subcompartment.objects.all().delete()
        Edition.objects.all().delete()


def add(year, number, *, age, code="01560"):
    shape = MultiPolygon([in_degrees(square(number, 0))])
    sub = Subcompartment.objects.create(
        municipality_id=code,
        edition=year,
        keycode=KEYS[number - 1],
        compartment_number=41,
        number=number,
        geom=to_geos(shape),
        area_ha=Decimal(1),
    )
    Stand.objects.create(subcompartment=sub, municipality_id=code, age=age)
    return sub


def states(principal=OWNER):
    with transaction_as(principal):
        return {e.year: e.state for e in editions.editions_of("01560")}


def test_the_first_year_is_current_and_a_later_one_waits():
    assert states() == {2023: "current", 2024: "loaded"}
    with transaction_as(OWNER):
        assert selectors.register_entry(KEYS[1]).edition == 2023
        assert selectors.register_entry(KEYS[3]) is None


def test_going_on_and_going_back():
    with transaction_as(OWNER):
        make_current("01560", 2024)
    assert states() == {2023: "loaded", 2024: "current"}
    with transaction_as(OWNER):
        assert selectors.register_entry(KEYS[3]).edition == 2024
        assert selectors.register_entry(KEYS[2]) is None
        make_current("01560", 2023)
        assert selectors.register_entry(KEYS[2]).edition == 2023
        edition = Edition.objects.get(year=2023)
        actions = [c.after for c in history_of("registry_edition", edition.pk)]
    assert actions[:2] == [{"state": "current"}, {"state": "loaded"}]


def test_the_current_year_cannot_be_withdrawn_and_another_can():
    with transaction_as(OWNER), pytest.raises(EditionError):
        withdraw("01560", 2023)
    with transaction_as(OWNER):
        withdraw("01560", 2024)
    assert states()[2024] == "withdrawn"


@pytest.mark.parametrize("principal", [READER, NEIGHBOUR], ids=["reader", "neighbour"])
def test_nobody_else_chooses(principal):
    with pytest.raises(Edition.DoesNotExist), transaction_as(principal):
        make_current("01560", 2024)
    assert states()[2023] == "current"


def test_two_current_years_are_impossible():
    with pytest.raises(IntegrityError), transaction_as(OWNER):
        Edition.objects.filter(year=2024).update(state="current")


def test_what_differs_is_listed_with_its_fields():
    with transaction_as(OWNER):
        counts = editions.count_differences("01560", 2023, 2024)
        found = editions.differences("01560", 2023, 2024)
        shapes = list(editions.difference_shapes("01560", 2023, 2024))
    assert counts == {"new": 1, "changed": 1, "removed": 1}
    assert [(d.keycode, d.label, d.kind, d.fields) for d in found] == [
        (KEYS[1], "41-2", "changed", ("storey.1.age",)),
        (KEYS[2], "41-3", "removed", ()),
        (KEYS[3], "41-4", "new", ()),
    ]
    assert (found[0].before, found[0].after) == ({"storey.1.age": 40}, {"storey.1.age": 41})
    assert [(keycode, kind) for keycode, kind, _shape in shapes] == [
        (d.keycode, d.kind) for d in found
    ]


def test_a_moved_border_is_a_difference():
    with transaction_as(OWNER):
        sub = Subcompartment.objects.get(edition=2024, keycode=KEYS[0])
        sub.geom = to_geos(MultiPolygon([in_degrees(square(9, 0))]))
        sub.save(update_fields=["geom"])
        first = editions.differences("01560", 2023, 2024)[0]
    assert (first.keycode, first.fields) == (KEYS[0], ("geom",))


def test_the_list_goes_on_after_a_keycode():
    with transaction_as(OWNER):
        rest = editions.differences("01560", 2023, 2024, past=KEYS[1])
    assert [d.keycode for d in rest] == KEYS[2:]


def test_a_neighbour_sees_no_difference():
    with transaction_as(NEIGHBOUR):
        assert sum(editions.count_differences("01560", 2023, 2024).values()) == 0
        assert states(NEIGHBOUR) == {}


def test_projections_follow_the_shape_whoever_writes():
    with transaction_as(OWNER):
        sub = Subcompartment.objects.get(edition=2024, keycode=KEYS[0])
        before = sub.geom_3857.wkb
        sub.geom = to_geos(MultiPolygon([in_degrees(square(9, 0))]))
        sub.save()  # sends the old projection along
        sub.refresh_from_db()
        assert sub.geom_3857.wkb != before
        assert to_shapely(sub.geom_3857).contains(to_shapely(sub.label_3857))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(ST_HausdorffDistance(geom_3857, ST_Transform(geom, 3857))) "
                "FROM registry_subcompartment"
            )
            assert cursor.fetchone()[0] < 1e-6
