"""The fictitious register: land cut without gap or overlap, stands that make sense, the same from the same seed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from forestgis.registry.synthetic.partition import (
    LARGEST_HA,
    SMALLEST_HA,
    NoRoomError,
    partition,
    tessellation,
)
from forestgis.registry.synthetic.stands import storeys

LAND = shapely.box(0, 0, 12_000, 9_000).difference(shapely.box(4_000, 3_000, 6_000, 5_000))


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def edges(polygon) -> list[tuple[bytes, bytes]]:
    """Edges of a ring, each with its ends in one order, to the last bit."""
    corners = [corner.tobytes() for corner in shapely.get_coordinates(polygon)]
    return [tuple(sorted(pair)) for pair in pairwise(corners)]


@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(1.0, 40.0))
@settings(max_examples=40, deadline=None)
def test_cells_tile_the_plane_whatever_is_drawn(seed, spread):
    # Clustered seeds make long thin cells, on which bent borders could cross.
    draw = rng(seed)
    seeds = draw.normal(0, spread, (120, 2)) * draw.pareto(1.5, (120, 1))
    cells = [cell for cell in tessellation(seeds, draw) if cell is not None]
    assert cells
    assert shapely.is_valid(cells).all()
    assert shapely.coverage_is_valid(cells)
    shared = Counter(edge for cell in cells for edge in edges(cell))
    assert max(shared.values()) <= 2
    union = shapely.union_all(cells)
    assert union.area == pytest.approx(shapely.area(cells).sum(), rel=1e-9)


def test_subcompartments_share_their_borders_and_stay_on_the_land():
    made = partition(LAND, 1_500, 4.5, rng())
    assert len(made.polygons) == 1_500
    assert shapely.coverage_is_valid(made.polygons)
    assert shapely.covers(LAND, made.polygons).all()
    assert made.area_ha == pytest.approx(shapely.area(made.polygons) / 10_000)
    assert made.area_ha.min() >= SMALLEST_HA
    assert made.area_ha.max() <= LARGEST_HA
    assert made.area_ha.mean() == pytest.approx(4.5, rel=0.15)
    edge = Counter(edge for polygon in made.polygons for edge in edges(polygon))
    assert sum(n == 2 for n in edge.values()) > 0.8 * len(edge)


def test_compartments_hold_some_forty_numbered_from_one():
    made = partition(LAND, 1_500, 4.5, rng())
    sizes = np.bincount(made.compartment)[1:]
    assert sizes.min() >= 1
    assert 20 <= sizes.mean() <= 60
    assert sizes.max() < 9_999
    for compartment, size in enumerate(sizes, 1):
        numbers = made.number[made.compartment == compartment]
        assert numbers.tolist() == list(range(1, size + 1))


def test_same_seed_gives_the_same_and_fewer_are_some_of_them():
    one, two = partition(LAND, 900, 4.5, rng()), partition(LAND, 900, 4.5, rng())
    assert shapely.equals_exact(one.polygons, two.polygons).all()
    few = partition(LAND, 100, 4.5, rng())
    assert {p.wkb for p in few.polygons} <= {p.wkb for p in one.polygons}
    other = partition(LAND, 900, 4.5, rng(8))
    assert not shapely.equals_exact(one.polygons, other.polygons).any()


def test_too_many_are_refused():
    with pytest.raises(NoRoomError, match="100000 小班"):
        partition(LAND, 100_000, 1.0, rng())


def test_stands_make_sense():
    made = partition(LAND, 1_500, 4.5, rng())
    rows = storeys(made.compartment, made.number, 0, rng())
    upper = rows.storey == 1
    assert np.array_equal(rows.cell[upper], np.arange(1_500))
    assert 0.02 < (~upper).mean() < 0.2
    trees = rows.species1 != ""
    assert (rows.share1 + rows.share2)[trees].tolist() == [100] * trees.sum()
    assert (rows.age[trees] >= 1).all()
    assert (rows.age[~trees] == 0).all()
    stock = rows.conifer_m3ha + rows.broadleaf_m3ha
    assert np.isnan(stock[~trees]).all()
    assert (stock[trees] > 0).all()
    assert stock[trees].max() < 1_500
    larch = trees & (rows.species1 == "17")
    assert (rows.conifer_m3ha > rows.broadleaf_m3ha)[larch].all()
    # Protection belongs to a place: one kind a compartment.
    kinds = set(zip(made.compartment[rows.cell].tolist(), rows.protection.tolist(), strict=True))
    assert len(kinds) == made.compartment.max()


def test_a_later_edition_has_the_same_stands_a_year_older():
    made = partition(LAND, 300, 4.5, rng())
    before = storeys(made.compartment, made.number, 0, rng(3))
    after = storeys(made.compartment, made.number, 1, rng(3))
    upper = (before.storey == 1) & (before.age > 0)
    aged = after.age[: len(made.number)][upper[: len(made.number)]]
    assert (aged == before.age[upper] + 1).all()


# --- in the database -----------------------------------------------------------------


@pytest.fixture(scope="module")
def generated(database, host_principal):
    """A register of 800 小班 in two municipalities of one bureau."""
    from django.contrib.gis.geos import MultiPolygon, Polygon
    from django.core.management import call_command

    from forestgis.registry.models import Municipality
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(host_principal):
        for place, code in enumerate(("01559", "01560")):
            west = 143.0 + 0.1 * place
            area = MultiPolygon(Polygon.from_bbox((west, 44.1, west + 0.1, 44.2)), srid=6668)
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=code, bureau="オホーツク", zone=12, geom=area
            )
    call_command("generate_register", subcompartments=800, verbosity=0)


def test_register_is_stored_whole(generated, host_principal):
    from django.contrib.gis.db.models import Union
    from django.db.models import Count

    from forestgis.registry.models import Compartment, Stand, Subcompartment
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(host_principal):
        assert Subcompartment.objects.count() == 800
        assert Subcompartment.objects.values("keycode").distinct().count() == 800
        bare = Subcompartment.objects.annotate(rows=Count("stands")).filter(rows=0)
        assert not bare.exists()
        storeys = Stand.objects.filter(storey=2).select_related("subcompartment")
        assert storeys.exists()
        compartment = Compartment.objects.filter(municipality="01560").first()
        members = Subcompartment.objects.filter(
            municipality="01560", compartment_number=compartment.number
        )
        union = members.aggregate(union=Union("geom"))["union"]
        assert union.equals(compartment.geom)
        for sub in members:
            assert sub.keycode == f"0102{0:02d}{sub.compartment_number:04d}{sub.number:04d}"


def test_municipalities_share_by_area_and_see_their_own(generated):
    from forestgis.registry.models import Subcompartment
    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("municipal", codes=("01559",))):
        assert Subcompartment.objects.count() == 400
        assert set(Subcompartment.objects.values_list("municipality", flat=True)) == {"01559"}


def test_again_adds_nothing_and_another_edition_has_the_same_shapes(generated, host_principal):
    from django.core.management import call_command

    from forestgis.registry.models import Subcompartment
    from forestgis.tenancy.principal import transaction_as

    call_command("generate_register", subcompartments=800, verbosity=0)
    call_command("generate_register", subcompartments=800, edition=2023, verbosity=0)
    with transaction_as(host_principal):
        assert Subcompartment.objects.filter(edition=2024).count() == 800
        shapes = {
            edition: dict(
                Subcompartment.objects.filter(edition=edition).values_list("keycode", "geom")
            )
            for edition in (2023, 2024)
        }
    assert shapes[2023] == shapes[2024]


def test_unknown_municipality_is_named(generated):
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="01999"):
        call_command("generate_register", subcompartments=10, municipalities=["01999"], verbosity=0)
