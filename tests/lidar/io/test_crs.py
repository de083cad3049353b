import numpy as np
import pytest
from pyproj import CRS, Transformer

from lidar.errors import CrsError, GeographicCrsError, NoCrsError
from lidar.io import crs as crs_io
from lidar.io import headers


def of(path, given=None):
    return crs_io.of(headers.read(path), given)


@pytest.fixture
def file_in(tmp_path, las_writer):
    def write(crs, **options):
        x = np.linspace(0, 10, 20)
        return las_writer(tmp_path / "a.las", x, x, x, crs=crs, **options)

    return write


def test_wkt_and_geotiff_keys_name_the_same_system(file_in):
    assert of(file_in(CRS(6680))).crs == CRS(6680)
    found = of(file_in(CRS(6680), version="1.2", point_format=1))
    assert (found.crs, found.stated_by) == (CRS(6680), "geotiff")


@pytest.mark.parametrize(
    ("name", "epsg"),
    {
        "MixedConifer": 26912,
        "Megaplot": 26917,
        "Topography": 2949,
        "bcts_1": 3005,
        "fm_class": 2949,
        "MixedEucaNat": 31983,
        "pycrown_POINTS": 2193,
    }.items(),
)
def test_systems_of_real_files(shared_data, name, epsg):
    found = of(shared_data / "lidar" / "forest" / f"{name}.laz")
    assert (found.crs.to_epsg(), found.xy_to_m, found.z_to_m) == (epsg, 1.0, 1.0)


def test_feet_become_metres_of_the_same_projection(shared_data):
    found = of(shared_data / "lidar" / "formats" / "pdal_test1_4.las")
    assert found.xy_to_m == pytest.approx(1200 / 3937)
    assert found.crs.axis_info[0].unit_name == "metre"
    feet = Transformer.from_crs(CRS(2903), CRS(4269), always_xy=True).transform(
        1694038.45, 1816492.71
    )
    metres = Transformer.from_crs(found.crs, CRS(4269), always_xy=True).transform(
        1694038.45 * found.xy_to_m, 1816492.71 * found.xy_to_m
    )
    assert metres == pytest.approx(feet, abs=1e-5)


def test_heights_in_feet_under_a_metric_projection(file_in):
    found = of(file_in(CRS("EPSG:26910+6360")))
    assert found.crs.to_epsg() == 26910
    assert (found.xy_to_m, found.z_unit_stated) == (1.0, True)
    assert found.z_to_m == pytest.approx(1200 / 3937)


def test_degrees_are_refused(shared_data):
    with pytest.raises(GeographicCrsError, match="longitude and latitude"):
        of(shared_data / "lidar" / "formats" / "pdal_epsg_4326.las")


def test_no_system_is_refused_unless_one_is_given(file_in):
    path = file_in(None)
    with pytest.raises(NoCrsError, match="states no coordinate system"):
        of(path)
    assert of(path, CRS(6681)).crs == CRS(6681)


def test_a_system_given_does_not_overrule_the_file(file_in):
    assert of(file_in(CRS(6680)), CRS(6681)).crs == CRS(6680)


def test_senseless_wkt_is_refused(file_in):
    path = file_in(CRS(6680))
    path.write_bytes(
        path.read_bytes().replace(b"PROJCRS", b"QROJCRS").replace(b"PROJCS", b"QROJCS")
    )
    with pytest.raises(CrsError, match="cannot be understood"):
        of(path)


def test_zones_of_the_plane_rectangular_system():
    assert [crs_io.plane_zone(CRS(code)) for code in (6669, 6680, 6687, 2454)] == [1, 12, 19, 12]
    assert crs_io.plane_zone(CRS(3005)) is None
