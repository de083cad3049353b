import hashlib
import json
import time

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.errors import VectorFileError
from lidar.io.vector import Zones, read_layer, read_zones, write_layer

SQUARES = np.array(
    [shapely.box(58_400 + 100 * i, 13_000, 58_500 + 100 * i, 13_100) for i in range(3)]
)


def write(path, geometries=SQUARES, driver="GPKG", encoding=None, crs="EPSG:6680", **columns):
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(geometries),
        field_data=[np.array(v, object) for v in columns.values()],
        fields=np.array(list(columns), object),
        driver=driver,
        geometry_type="Polygon",
        crs=crs,
        encoding=encoding,
    )
    return path


@pytest.mark.parametrize(("name", "driver"), [("a.gpkg", "GPKG"), ("a.shp", "ESRI Shapefile")])
def test_keys_and_areas_are_read(tmp_path, name, driver):
    zones = read_zones(write(tmp_path / name, driver=driver, KEYCODE=["1", "2", "3"]))
    assert zones.keys == ("1", "2", "3")
    assert zones.crs == CRS(6680)
    assert shapely.area(zones.geometries).tolist() == [10_000] * 3


def test_shapefile_of_a_japanese_office(tmp_path):
    path = write(
        tmp_path / "小班.shp",
        driver="ESRI Shapefile",
        encoding="cp932",
        KEYCODE=["林班１", "小班２", "表３"],
    )
    path.with_suffix(".cpg").unlink()
    assert read_zones(path).keys == ("林班１", "小班２", "表３")


def test_geojson_is_moved_into_the_system_of_a_run(grove):
    zones = read_zones(grove / "areas.geojson").to(CRS(6680))
    west, south, east, north = zones.geometries[0].bounds
    assert (west, south, east, north) == pytest.approx((58_410, 13_310, 58_505, 13_490), abs=0.01)


def test_rows_of_one_key_are_one_zone(tmp_path):
    zones = read_zones(write(tmp_path / "a.gpkg", KEYCODE=["A", "B", "A"]))
    assert zones.keys == ("A", "B")
    assert zones.geometries[0].area == 20_000


def test_share_of_hardwood_in_the_register_is_read(tmp_path):
    columns = {"KEYCODE": ["A", "B", "A"], "Hardwood_Share": np.array([0.9, -1.0, 0.2])}
    path = tmp_path / "a.gpkg"
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(SQUARES),
        field_data=[np.array(columns["KEYCODE"], object), columns["Hardwood_Share"]],
        fields=np.array(list(columns), object),
        geometry_type="Polygon",
        crs="EPSG:6680",
    )
    zones = read_zones(path).to(CRS(6681))
    assert zones.hardwood_share[0] == 0.9
    assert np.isnan(zones.hardwood_share[1])
    assert np.isnan(
        read_zones(write(tmp_path / "b.gpkg", KEYCODE=list("ABC"))).hardwood_share
    ).all()


def test_a_crossed_outline_is_repaired(tmp_path):
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    zones = read_zones(write(tmp_path / "a.gpkg", np.array([bow]), KEYCODE=["A"]))
    assert zones.geometries[0].is_valid
    assert zones.geometries[0].area == pytest.approx(50)


@pytest.mark.parametrize(
    ("columns", "key", "message"),
    [
        ({"KEYCODE": ["1", None, "3"]}, None, "row 2 has no KEYCODE"),
        ({"KEYCODE": ["1", "2", "3"]}, "小班", "no column '小班'"),
    ],
)
def test_faults_name_row_and_column(tmp_path, columns, key, message):
    with pytest.raises(VectorFileError, match=message):
        read_zones(write(tmp_path / "a.gpkg", **columns), key)


def test_lines_are_no_compartments(tmp_path):
    path = tmp_path / "a.geojson"
    line = {"type": "LineString", "coordinates": [[142, 44], [143, 44]]}
    feature = {"type": "Feature", "properties": {}, "geometry": line}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(VectorFileError, match="no polygons"):
        read_zones(path)


def test_a_file_that_is_no_gis_file(tmp_path):
    path = tmp_path / "a.gpkg"
    path.write_text("hello")
    with pytest.raises(VectorFileError, match="cannot be read as a GIS file"):
        read_zones(path)


def test_no_coordinate_system_is_refused(tmp_path):
    path = write(tmp_path / "a.shp", driver="ESRI Shapefile", crs=None, KEYCODE=["1", "2", "3"])
    with pytest.raises(VectorFileError, match="no coordinate system"):
        read_zones(path)


def test_geopackage_has_the_same_bytes_each_time_and_keeps_nothing_as_null(tmp_path):
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "zones.gpkg"
        columns = {
            "樹種": np.array(["ミズナラ", None, "シラカンバ"], object),
            "m3": np.array([1.5, np.nan, 2.5]),
        }
        write_layer(path, SQUARES, columns, CRS(6680))
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        time.sleep(1.1)
    assert digests[0] == digests[1]
    meta, geometries, read = read_layer(path)
    assert read["樹種"].tolist() == ["ミズナラ", None, "シラカンバ"]
    assert np.isnan(read["m3"][1])
    assert meta["crs"] == "EPSG:6680"
    assert [g.area for g in geometries] == [10_000] * 3


def test_squares_tile_a_grid():
    grid = Grid.covering((58_400, 13_000, 58_800, 13_200), 200.0, CRS(6680))
    zones = Zones.squares(grid)
    assert zones.are_squares
    assert zones.keys == ("grid-58400-13000", "grid-58600-13000")
    assert shapely.union_all(zones.geometries).equals(shapely.box(*grid.bounds))
