"""小班 polygon files: what is read, what is repaired, what is refused and why."""

from decimal import Decimal

import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, Polygon

from forestgis.registry.domain.faults import RefusedError
from forestgis.registry.imports import polygons
from tests.registry.conftest import SOUTH, WEST, square, write_polygons

KEYS = ["11990100410001", "11990100410002"]


def read(path, boundary, **options):
    return polygons.read(path, boundary=boundary, zone=12, **options)


def codes(faults):
    return [fault.code for fault in faults]


def test_hectare_squares_measure_one_hectare(tmp_path, boundary):
    path = write_polygons(tmp_path / "p.gpkg", KEYS, [square(0, 0), square(1, 0)])
    found, faults = read(path, boundary)
    assert faults == []
    assert [(p.keycode, p.area_ha) for p in found] == [(key, Decimal("1.0000")) for key in KEYS]


def test_detached_parts_are_one_multipolygon(tmp_path, boundary):
    path = write_polygons(tmp_path / "p.gpkg", [KEYS[0]] * 2, [square(0, 0), square(3, 0)])
    (found,), faults = read(path, boundary)
    assert faults == []
    assert len(found.geom.geoms) == 2
    assert found.area_ha == Decimal("2.0000")


def test_shapefile_without_cpg_is_cp932(tmp_path, boundary):
    path = tmp_path / "小班.shp"
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array([square(0, 0)], dtype=object)),
        field_data=[np.array([KEYS[0]], dtype=object), np.array(["滝上町"], dtype=object)],
        fields=["KEYCODE", "市町村"],
        geometry_type="Polygon",
        crs="EPSG:6680",
        encoding="cp932",
    )
    path.with_suffix(".cpg").unlink()
    source = polygons.vector.read(path)
    assert source.features[0].values == {"KEYCODE": KEYS[0], "市町村": "滝上町"}
    assert read(path, boundary)[1] == []


def test_bow_tie_is_repaired_and_told(tmp_path, boundary):
    left, bottom = WEST, SOUTH
    bow_tie = Polygon(
        [(left, bottom), (left + 100, bottom + 100), (left + 100, bottom), (left, bottom + 100)]
    )
    path = write_polygons(tmp_path / "p.gpkg", KEYS, [square(1, 0), bow_tie])
    found, faults = read(path, boundary)
    assert [(f.code, f.severity, f.line) for f in faults] == [("repaired", "warn", 2)]
    # two triangles of half the square's area together
    assert found[1].area_ha == Decimal("0.5000")


@pytest.mark.parametrize("value", ["12-34", "", "123456789012345"])
def test_bad_keycode_names_line_column_and_value(tmp_path, boundary, value):
    path = write_polygons(tmp_path / "p.gpkg", [KEYS[0], value], [square(0, 0), square(1, 0)])
    found, (fault,) = read(path, boundary)
    assert (fault.code, fault.file, fault.line, fault.column) == (
        "bad_keycode",
        "p.gpkg",
        2,
        "KEYCODE",
    )
    assert fault.value in (value, "None")
    assert len(found) == 1


def test_missing_crs_is_refused_until_one_is_given(tmp_path, boundary):
    path = write_polygons(tmp_path / "p.shp", KEYS[:1], [square(0, 0)], epsg=None)
    with pytest.raises(RefusedError) as refusal:
        read(path, boundary)
    assert codes(refusal.value.faults) == ["no_crs"]
    assert read(path, boundary, epsg=6680)[1] == []


@pytest.mark.parametrize("epsg", [6681, 2455, 6690])
def test_wrong_crs_is_recognised_and_the_right_zone_named(tmp_path, boundary, epsg):
    path = write_polygons(tmp_path / "p.gpkg", KEYS[:1], [square(0, 0)], epsg=epsg)
    _found, (fault,) = read(path, boundary)
    assert (fault.code, fault.severity) == ("wrong_place", "refuse")
    assert "XII" in fault.problem
    assert "6680" in fault.problem


def test_swapped_axes_are_named(tmp_path, boundary):
    swapped = shapely.transform(square(0, 0), lambda xy: xy[:, ::-1])
    path = write_polygons(tmp_path / "p.gpkg", KEYS[:1], [swapped])
    _found, (fault,) = read(path, boundary)
    assert fault.code == "wrong_place"
    assert "軸が逆" in fault.problem


def test_one_polygon_elsewhere_is_named_by_its_line(tmp_path, boundary):
    path = write_polygons(tmp_path / "p.gpkg", KEYS, [square(0, 0), square(150, 0)])
    _found, (fault,) = read(path, boundary)
    assert (fault.code, fault.line) == ("outside_municipality", 2)


def test_jgd2000_of_the_same_zone_is_taken(tmp_path, boundary):
    path = write_polygons(tmp_path / "p.gpkg", KEYS[:1], [square(0, 0)], epsg=2454)
    (found,), faults = read(path, boundary)
    assert faults == []
    assert found.area_ha == Decimal("1.0000")


def test_lines_are_refused(tmp_path, boundary):
    path = tmp_path / "p.gpkg"
    line = LineString([(WEST, SOUTH), (WEST + 10, SOUTH)])
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array([line], dtype=object)),
        field_data=[np.array(KEYS[:1], dtype=object)],
        fields=["KEYCODE"],
        geometry_type="LineString",
        crs="EPSG:6680",
    )
    assert codes(read(path, boundary)[1]) == ["wrong_geometry"]


@pytest.mark.parametrize(
    ("name", "content"), [("a.gpkg", b"not a database"), ("a.geojson", b"{"), ("a.shp", b"")]
)
def test_what_is_no_vector_file_is_refused(tmp_path, boundary, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RefusedError) as refusal:
        read(path, boundary)
    assert codes(refusal.value.faults) == ["unreadable"]


def test_no_keycode_column_lists_the_columns(tmp_path, boundary):
    path = tmp_path / "p.gpkg"
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array([square(0, 0)], dtype=object)),
        field_data=[np.array(["x"], dtype=object)],
        fields=["林班"],
        geometry_type="Polygon",
        crs="EPSG:6680",
    )
    _found, (fault,) = read(path, boundary)
    assert (fault.code, fault.value, fault.detail) == ("no_column", "KEYCODE", "林班")


def test_keycodes_of_two_municipalities_are_warned_of(tmp_path, boundary):
    path = write_polygons(
        tmp_path / "p.gpkg", [KEYS[0], "11010100410001"], [square(0, 0), square(1, 0)]
    )
    _found, (fault,) = read(path, boundary)
    assert (fault.code, fault.severity, fault.value) == ("other_keycode_area", "warn", "1101、1199")
