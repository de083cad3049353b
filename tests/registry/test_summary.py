"""The summary of a 小班 follows whatever is written to it and its storeys, and stays its municipality's own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forestgis.tenancy.principal import Principal, transaction_as

HERE, THERE = "01560", "01559"


@pytest.fixture(scope="module")
def municipalities(database, host_principal):
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry.models import Municipality

    area = MultiPolygon(Polygon.from_bbox((143.0, 44.1, 143.1, 44.2)), srid=6668)
    with transaction_as(host_principal):
        for code in (HERE, THERE):
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=code, bureau="オホーツク", zone=12, geom=area
            )


@pytest.fixture
def acting(municipalities, host_principal):
    """Undo what the test writes."""
    from django.db import transaction

    with transaction_as(host_principal):
        yield
        transaction.set_rollback(True)


def make(code=HERE, keycode="08010100120034", **values):
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry.models import Subcompartment

    square = MultiPolygon(Polygon.from_bbox((143.0, 44.1, 143.01, 44.11)), srid=6668)
    return Subcompartment.objects.create(
        municipality_id=code, edition=2024, keycode=keycode, compartment_number=12, number=34,
        geom=square, area_ha=Decimal("5.1234"), **values,
    )  # fmt: skip


def add_storey(subcompartment, storey, **values):
    from forestgis.registry.models import Stand

    return Stand.objects.create(
        subcompartment=subcompartment,
        municipality_id=subcompartment.municipality_id,
        storey=storey,
        **values,
    )


def summary(subcompartment):
    from forestgis.registry.models import Summary

    return Summary.objects.get(pk=subcompartment.pk)


def test_without_storeys_there_is_a_summary_with_the_drawn_area(acting):
    made = summary(make())
    assert (made.keycode, made.compartment_number, made.number) == ("08010100120034", 12, 34)
    assert made.area_m2 == 51_234
    assert (made.storeys, made.age, made.species_codes) == (0, 0, [])
    assert (made.conifer_tenth_m3ha, made.broadleaf_tenth_m3ha) == (-1, -1)


def test_first_storey_speaks_and_stocks_add_up(acting):
    sub = make(register_area_ha=Decimal("5.20"))
    add_storey(
        sub, 2, species1_code="98", age=12, stock_broadleaf_m3ha=Decimal("20.4"), lot="字東2番"
    )
    add_storey(
        sub, 1, species1_code="23", species2_code="49", age=60, protection_code="11",
        forest_type_code="1", lot="字東1番", stock_conifer_m3ha=Decimal("250.5"),
        stock_broadleaf_m3ha=Decimal("10.0"),
    )  # fmt: skip
    made = summary(sub)
    assert made.area_m2 == 52_000
    assert (made.storeys, made.species1_code, made.age, made.lot) == (2, "23", 60, "字東1番")
    assert (made.protection_code, made.forest_type_code) == ("11", "1")
    assert sorted(made.species_codes) == ["23", "49", "98"]
    assert (made.conifer_tenth_m3ha, made.broadleaf_tenth_m3ha) == (2505, 304)


def test_changes_and_removals_are_followed(acting):
    from forestgis.registry.models import Stand, Summary

    sub = make()
    upper, lower = add_storey(sub, 1, age=60), add_storey(sub, 2, age=12)
    Stand.objects.filter(pk=upper.pk).update(age=61)
    assert summary(sub).age == 61
    upper.delete()
    assert (summary(sub).age, summary(sub).storeys) == (12, 1)
    sub.register_area_ha = Decimal("4.0")
    sub.save()
    assert summary(sub).area_m2 == 40_000
    lower.delete()
    sub.delete()
    assert not Summary.objects.filter(keycode=sub.keycode).exists()


def test_bulk_load_is_summarised_once_at_its_end(acting):
    from forestgis.registry.models import Summary
    from forestgis.registry.services.summaries import summarised_once

    with summarised_once(HERE, 2024):
        sub = make()
        add_storey(sub, 1, age=60)
        assert not Summary.objects.exists()
    assert summary(sub).age == 60
    add_storey(sub, 2, age=3)
    assert summary(sub).storeys == 2


def test_summaries_are_seen_with_their_municipality_and_hang_on_no_other(acting):
    from django.db import IntegrityError, transaction

    from forestgis.registry.models import Summary

    sub = make()
    with transaction_as(Principal("municipal", codes=(THERE,), can_write=True)):
        assert not Summary.objects.exists()
        other = make(code=THERE)
        assert [row.pk for row in Summary.objects.all()] == [other.pk]
        with pytest.raises(IntegrityError), transaction.atomic():
            Summary.objects.filter(pk=other.pk).update(subcompartment_id=sub.pk)
