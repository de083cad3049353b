"""The files of the national standard that a run is delivered as."""

import pyogrio
import pytest
import shapely
from pyproj import CRS

from lidar.core import mesh20m
from lidar.errors import DeliveryError
from lidar.io.vector import Zones, read_layer
from lidar.run import RunParams, execute
from lidar.run.delivery import deliver
from lidar.run.mesh import STANDARD_FIELDS

CODES = ("01202", "01346")


@pytest.fixture(scope="module")
def finished(grove, tmp_path_factory):
    """A run over the border of two municipalities."""
    areas = shapely.box([58_000, 58_520], 13_000, [58_520, 59_000], 14_000)
    return execute(
        sorted(grove.glob("*.laz")),
        tmp_path_factory.mktemp("run") / "out",
        municipalities=Zones(CODES, areas, CRS(6680)),
        params=RunParams(tile_m=200),
        workers=0,
    )


@pytest.fixture(scope="module")
def delivered(finished, tmp_path_factory):
    out = tmp_path_factory.mktemp("delivery")
    return deliver(finished.out_dir, out), out


def test_files_and_layers_are_named_as_the_standard_says(delivered):
    files, out = delivered
    # zone XII, easting 58 km and northing 13 km: row 14330, column 10920 of the mesh
    assert sorted(p.name for p in out.iterdir()) == [
        "fr_mesh20m_12JF3_2024.gpkg",
        *(f"tree_point_{code}.gpkg" for code in CODES),
        *(f"tree_species_{code}_2024.gpkg" for code in CODES),
    ]
    assert sorted(files) == sorted(out.iterdir())
    layers = pyogrio.list_layers(out / "fr_mesh20m_12JF3_2024.gpkg")[:, 0].tolist()
    assert layers == ["fr_mesh20m", *(f"citation_{code}" for code in CODES)]
    assert pyogrio.list_layers(out / "tree_point_01346.gpkg")[:, 0].tolist() == [
        "tree_point",
        "citation_01346",
    ]


def test_the_mesh_file_has_the_standard_s_fields_and_types_alone(delivered, finished):
    _, out = delivered
    path = out / "fr_mesh20m_12JF3_2024.gpkg"
    about = pyogrio.read_info(path, layer="fr_mesh20m")
    assert tuple(about["fields"]) == STANDARD_FIELDS
    types = dict(zip(about["fields"], about["dtypes"], strict=True))
    assert {types[n] for n in ("立木本数", "立木密度", "ha材積", "最頻傾斜")} == {"int32"}
    assert {types[n] for n in ("面積_ha", "平均樹高", "平均直径", "収量比数")} == {"float64"}
    assert types["森林計測年"].startswith("datetime64")
    _, _, columns = read_layer(path)
    assert columns["JF20mID"].tolist() == finished.mesh().columns["JF20mID"].tolist()


def test_each_municipality_gets_its_own(delivered, finished):
    _, out = delivered
    trees = 0
    for code in CODES:
        _, points, columns = read_layer(out / f"tree_point_{code}.gpkg")
        assert set(columns["市町村code"]) == {code}
        _, extent, _ = read_layer(out / f"tree_point_{code}.gpkg", layer=f"citation_{code}")
        assert shapely.covers(extent[0], points).all()
        trees += len(points)
        _, areas, species = read_layer(out / f"tree_species_{code}_2024.gpkg")
        assert shapely.covers(shapely.buffer(extent[0], 1e-6), areas).all()
        assert set(species["県code"]) == {"01"}
    assert trees == finished.quality["trees"]


def test_without_municipalities_or_a_zone_nothing_is_written(grove, tmp_path, shared_data):
    plain = execute([grove / "line_1.laz"], tmp_path / "plain", workers=0)
    with pytest.raises(DeliveryError, match="municipalities"):
        deliver(plain.out_dir, tmp_path / "d")
    file = shared_data / "lidar" / "forest" / "Topography.laz"
    elsewhere = execute([file], tmp_path / "elsewhere", workers=0)
    with pytest.raises(DeliveryError, match="plane rectangular"):
        deliver(elsewhere.out_dir, tmp_path / "d")
    assert not list((tmp_path / "d").glob("*.gpkg"))


@pytest.mark.parametrize(
    ("row", "col", "sheet"),
    [(0, 0, "09AA1"), (749, 1000, "09AA2"), (750, 999, "09AA3"), (1499, 1999, "09AA4")],
)
def test_a_sheet_is_a_quarter_of_15_by_20_km(row, col, sheet):
    assert mesh20m.file_sheet(mesh20m.encode(mesh20m.MeshCell(9, row, col))) == sheet


def test_the_sheet_that_the_rule_s_coders_name():
    """Kochi station lies in 04HE3, by the tests of the published mesh plugin."""
    # 33.5673 N 133.5436 E in zone IV, to the kilometre
    assert mesh20m.file_sheet(mesh20m.encode(mesh20m.cell_at(4, 4_000, 63_000))) == "04HE3"
