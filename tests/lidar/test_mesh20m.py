import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from lidar.core import mesh20m
from lidar.core.grid import Grid
from lidar.core.mesh20m import MeshCell
from lidar.errors import MeshIdError


# オープンデータ標準仕様書 Ver 2.1 参考3, as tested by its public implementation
@pytest.mark.parametrize(
    ("zone", "northing_m", "easting_m", "row", "col", "jf20mid"),
    [
        (9, 0, 0, 15000, 8000, "09KE00000000"),
        (9, 300_000, -160_000, 0, 0, "09AA00000000"),
        (9, -299_999.9, 159_999.9, 29999, 15999, "09TH99149199"),
    ],
)
def test_published_places(zone, northing_m, easting_m, row, col, jf20mid):
    cell = mesh20m.cell_at(zone, easting_m, northing_m)
    assert cell == (zone, row, col)
    assert mesh20m.encode(cell) == jf20mid


def test_published_identifier_is_decoded():
    assert mesh20m.decode("09LD35149199") == (9, 17099, 7199)


@pytest.mark.parametrize(
    "text",
    [
        "09LD35150199",
        "09LD35149200",
        "09ld35149199",
        "00LD35149199",
        "20LD35149199",
        "09UA00000000",
        "",
    ],
)
def test_impossible_identifiers_are_refused(text):
    with pytest.raises(MeshIdError):
        mesh20m.decode(text)


def test_kochi_and_tokyo_stations_fall_in_their_sheets():
    for epsg, zone, lon, lat, sheet in (
        (6672, 4, 133.5437, 33.5670, "04HE"),
        (6677, 9, 139.7671, 35.6812, "09LD"),
    ):
        easting, northing = Transformer.from_crs(6668, epsg, always_xy=True).transform(lon, lat)
        assert mesh20m.encode(mesh20m.cell_at(zone, easting, northing)).startswith(sheet)


@given(zone=st.integers(1, 19), row=st.integers(0, 29_999), col=st.integers(0, 15_999))
def test_decode_undoes_encode(zone, row, col):
    cell = MeshCell(zone, row, col)
    assert mesh20m.decode(mesh20m.encode(cell)) == cell


@given(
    easting_mm=st.integers(-160_000_000, 159_999_999),
    northing_mm=st.integers(-299_999_999, 300_000_000),
)
def test_a_place_is_inside_its_cell(easting_mm, northing_mm):
    easting_m, northing_m = easting_mm / 1000, northing_mm / 1000
    west, north = mesh20m.cell_at(12, easting_m, northing_m).north_west_m
    assert west <= easting_m < west + 20
    assert north - 20 < northing_m <= north


def test_places_outside_the_zone_are_refused():
    with pytest.raises(MeshIdError, match="no cell"):
        mesh20m.cell_at(12, 160_000, 0)


def test_ids_of_a_grid_follow_its_cells():
    grid = Grid.covering((58_400, 13_260, 58_440, 13_300), 20.0, CRS(6680))
    found = mesh20m.ids(grid, 12)
    assert found.shape == (4,)
    corners = [mesh20m.decode(str(i)).north_west_m for i in found]
    assert corners == [(58_400, 13_300), (58_420, 13_300), (58_400, 13_280), (58_420, 13_280)]


def test_a_grid_off_the_mesh_is_refused():
    grid = Grid(58_410.0, 13_300.0, 20.0, 1, 1, CRS(6680))
    with pytest.raises(MeshIdError, match="not on the 20 m mesh"):
        mesh20m.ids(grid, 12)
    assert np.all(mesh20m.ids(Grid(58_400.0, 13_300.0, 20.0, 1, 1, CRS(6680)), 12) != "")
