"""All municipalities of Hokkaido from the ministry's boundaries."""

import json

import pytest
from django.core.management import CommandError, call_command

from forestgis.registry.models import Municipality
from forestgis.tenancy.principal import PUBLIC, transaction_as

N03 = "municipalities/hokkaido_n03_2021_1pct.geojson"


@pytest.fixture(scope="module")
def loaded(database, shared_data):
    call_command("load_municipalities", shared_data / N03)


def test_all_179_are_there_for_everybody(loaded):
    with transaction_as(PUBLIC):
        codes = list(Municipality.objects.values_list("code", flat=True))
    assert len(codes) == 179
    assert "01100" in codes
    assert not {"01101", "01695"} & set(codes)


def test_takinoue(loaded):
    with transaction_as(PUBLIC):
        place = Municipality.objects.get(pk="01560")
    assert (place.code6, place.name, place.name_en, place.zone) == (
        "015601",
        "滝上町",
        "Takinoue",
        12,
    )
    # 滝上町 has 766.89 km2 (全国都道府県市区町村別面積調); boundaries are simplified
    area_km2 = place.geom.transform(6680, clone=True).area / 1e6
    assert area_km2 == pytest.approx(766.89, rel=0.01)
    assert place.geom_3857.srid == 3857


def test_every_place_has_an_english_name_and_a_zone(loaded):
    with transaction_as(PUBLIC):
        places = list(Municipality.objects.only("code", "name_en", "zone"))
    assert all(place.name_en for place in places)
    # counted by hand from 国土交通省告示第9号 and the list of municipalities
    zones = [place.zone for place in places]
    assert zones.count(11) == 11 + 7 + 20 + 1 + 3
    assert set(zones) == {11, 12, 13}


def test_loading_twice_is_the_same(loaded, shared_data):
    call_command("load_municipalities", shared_data / N03)
    with transaction_as(PUBLIC):
        assert Municipality.objects.count() == 179


def test_other_geojson_is_refused(database, tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [{"properties": {}}]}))
    with pytest.raises(CommandError, match="N03"):
        call_command("load_municipalities", path)
