"""The road ledger in the database: replaced as a whole, seen as it is shared."""

import numpy as np
import pyogrio
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from shapely.geometry import LineString, MultiPolygon

from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.geometry import to_geos
from forestgis.registry.models import Municipality
from forestgis.roads.models import Segment
from forestgis.roads.services import import_segments
from forestgis.tenancy.principal import PUBLIC, Principal, transaction_as

PREFECTURE = Principal("prefecture", can_write=True)
OWNER = Principal("municipal", codes=("01560",), can_write=True)
NEIGHBOUR = Principal("municipal", codes=("01562",), can_write=True)
STRANGER = Principal("municipal", codes=("01559",), can_write=True)


@pytest.fixture(scope="module")
def place(database):
    with transaction_as(PREFECTURE):
        return Municipality.objects.create(
            code="01560",
            code6="015601",
            name="滝上町",
            bureau="オホーツク総合振興局",
            zone=12,
            geom=to_geos(MultiPolygon([shapely.box(142.9, 44.05, 143.1, 44.2)])),
        )


def write(path, words):
    lines = [LineString([(58_400, 13_200 + 10 * i), (58_500, 13_250)]) for i in range(len(words))]
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(lines, dtype=object)),
        field_data=[np.array(words, dtype=object)],
        fields=["区分"],
        geometry_type="LineString",
        crs="EPSG:6680",
    )
    return path


def load(place, path, principal=OWNER, sharing=Sharing.OWN, **options):
    with transaction_as(principal):
        return import_segments(
            municipality=place, path=path, sharing=sharing, **({"dry_run": False} | options)
        )


def count(principal):
    with transaction_as(principal):
        return Segment.objects.count()


def test_file_replaces_the_ledger_or_leaves_it(place, tmp_path):
    assert load(place, write(tmp_path / "a.gpkg", ["林道", "町道"])).stored
    report = load(place, write(tmp_path / "b.gpkg", ["林道"]), dry_run=True)
    assert (report.segments, report.replaced, report.stored) == (1, 2, False)
    assert not load(place, write(tmp_path / "c.gpkg", ["林道", "獣道"])).stored
    assert count(OWNER) == 2
    load(place, write(tmp_path / "d.gpkg", ["森林作業道"]))
    with transaction_as(OWNER):
        (segment,) = Segment.objects.all()
    assert segment.road_class == Segment.RoadClass.STRIP_ROAD
    # 100 m east and 50 m north of the first point
    assert segment.geom.transform(6680, clone=True).length == pytest.approx(111.80, abs=0.01)


@pytest.mark.parametrize(
    ("sharing", "shared_with", "seen"),
    [
        (Sharing.OWN, [], (1, 0, 0, 0)),
        (Sharing.NAMED, ["01562"], (1, 1, 0, 0)),
        (Sharing.MUNICIPALITIES, [], (1, 1, 1, 0)),
        (Sharing.PUBLIC, [], (1, 1, 1, 1)),
    ],
)
def test_roads_are_seen_as_shared(place, tmp_path, sharing, shared_with, seen):
    path = write(tmp_path / "a.gpkg", ["林道"])
    load(place, path, sharing=sharing, shared_with=shared_with)
    assert tuple(map(count, (OWNER, NEIGHBOUR, STRANGER, PUBLIC))) == seen
    assert count(PREFECTURE) == 1


def test_others_cannot_write_the_ledger(place, tmp_path):
    with pytest.raises(DatabaseError, match="row-level security"):
        load(place, write(tmp_path / "a.gpkg", ["林道"]), NEIGHBOUR)


def test_command_says_what_is_wrong_and_stores_nothing(place, tmp_path, capsys):
    load(place, write(tmp_path / "a.gpkg", ["林道"]))
    bad = write(tmp_path / "b.gpkg", ["獣道"])
    with pytest.raises(CommandError, match="保存していません"):
        call_command("import_roads", str(bad), "--municipality", "01560", "--store")
    assert "獣道" in capsys.readouterr().out
    call_command(
        "import_roads", str(bad), "--municipality", "01560", "--store", "--class", "獣道=strip_road"
    )
    assert count(OWNER) == 1


@pytest.mark.parametrize("pair", ["獣道", "獣道=path"])
def test_command_takes_only_known_classes(place, tmp_path, pair):
    path = write(tmp_path / "a.gpkg", ["獣道"])
    with pytest.raises(CommandError, match="strip_road"):
        call_command("import_roads", str(path), "--municipality", "01560", "--class", pair)
