"""The card of a 小班: LiDAR and register beside each other, with where the numbers come from."""

from decimal import Decimal

import pytest
from django.utils import translation

from forestgis.surveys import selectors, services
from forestgis.tenancy.principal import acting_as, transaction_as


@pytest.fixture
def published(world, make_run):
    run = make_run()
    with acting_as(world.owner):
        services.publish(run, "municipalities")
    with transaction_as(world.owner):
        return run, run.zones.order_by("key").first()


def card(principal, key):
    with transaction_as(principal):
        return selectors.card(key, principal)


def test_owner_sees_volume_and_register(world, published):
    run, zone = published
    found = card(world.owner, zone.key)
    assert (found.label, found.municipality_name) == ("41-1", "滝上町")
    assert found.volume.hardwood.m3 == zone.hardwood_m3
    assert found.volume.source.run_id == run.pk
    assert found.volume.source.simulated
    assert found.volume.model.n_plots == 16
    assert found.register.keycode == zone.key
    text = " ".join(found.cautions)
    assert "架空データ" in text
    assert "一致しません" in text


def test_neighbour_sees_the_shared_volume_and_not_the_register(world, published):
    _run, zone = published
    found = card(world.neighbour, zone.key)
    assert found.volume.hardwood.m3 == zone.hardwood_m3
    assert found.register is None


def test_what_is_not_shared_is_not_there(world, published):
    _run, zone = published
    assert card(world.public, zone.key) is None
    assert card(world.owner, "00000000000000") is None


def test_unpublished_volume_is_not_on_the_card(world, make_run):
    run = make_run()
    with transaction_as(world.owner):
        key = run.zones.first().key
    found = card(world.owner, key)
    assert found.volume is None
    assert found.register is not None


def test_interval_and_text_come_from_the_stored_figures(world, published):
    _run, zone = published
    estimate = card(world.owner, zone.key).to_dict()["volume"]["hardwood"]
    low, high = estimate["interval_m3"]
    half = zone.hardwood_se_m3 * Decimal("1.6448536")
    assert high == pytest.approx(zone.hardwood_m3 + half, abs=Decimal("0.06"))
    assert low == pytest.approx(max(zone.hardwood_m3 - half, 0), abs=Decimal("0.06"))
    assert estimate["text"]["m3"].replace(",", "") == str(zone.hardwood_m3)


def test_names_follow_the_language(world, published):
    _run, zone = published
    with translation.override("en"):
        found = card(world.owner, zone.key)
    assert "Natural" in found.register.storeys[0].forest_type or found.register.storeys


def test_page_of_a_subcompartment_without_volume(world, make_run, client_for, officer):
    run = make_run()
    with transaction_as(world.owner):
        key = run.zones.first().key
    answer = client_for(officer("01560")).get(f"/card/{key}/")
    assert answer.status_code == 200
    assert "まだ公開されていません" in answer.content.decode()


@pytest.mark.parametrize(
    ("m3ha", "se", "register", "difference", "pct", "outside"),
    [
        ("120.0", "10.0", "100.0", "20.0", "20", True),
        ("120.0", "10.0", "110.0", "10.0", "9", False),
        ("80.0", "10.0", "100.0", "-20.0", "-20", True),
        ("120.0", None, "100.0", "20.0", "20", None),
        ("12.0", "10.0", "0.0", "12.0", None, False),
        ("120.0", "10.0", None, None, None, None),
    ],
)
def test_difference_from_the_register(m3ha, se, register, difference, pct, outside):
    from forestgis.surveys.domain.card import Estimate, compared

    def number(text):
        return None if text is None else Decimal(text)

    estimate = Estimate(Decimal(1), number(se), Decimal(m3ha), number(se))
    made = compared("hardwood", estimate, number(register))
    assert (made.difference_m3ha, made.pct) == (number(difference), number(pct))
    assert made.outside is outside


def test_card_shows_notices_treatments_and_lots(world, published, client_for, officer):
    import datetime as dt

    from forestgis.notices.models import FellingNotice, Treatment
    from forestgis.parcels.models import Parcel, ParcelShare

    _run, zone = published
    with transaction_as(world.owner):
        FellingNotice.objects.create(
            municipality_id="01560", number="令和8-12", received_on=dt.date(2026, 4, 1),
            place="字川上", area_ha=Decimal("1.50"), method="clear", species="カラマツ", age="50",
            starts_on=dt.date(2026, 6, 1), ends_on=dt.date(2026, 7, 1), keycodes=[zone.key],
        )  # fmt: skip
        Treatment.objects.create(
            municipality_id="01560", kind="thinning", fiscal_year=2019, area_ha=Decimal("0.80"),
            keycodes=[zone.key],
        )  # fmt: skip
        lot = Parcel.objects.create(municipality_id="01560", oaza="川上", lot="123-4")
        ParcelShare.objects.create(
            municipality_id="01560", parcel=lot, edition=2024, keycode=zone.key,
            area_m2=Decimal(500), share_of_parcel=Decimal("0.5"),
            share_of_subcompartment=Decimal("0.25"),
        )  # fmt: skip
    text = client_for(officer("01560")).get(f"/card/{zone.key}/").content.decode()
    for said in ("令和8-12", "2019", "123-4", "25%"):
        assert said in text
    assert 'data-figure="hardwood_difference"' in text
