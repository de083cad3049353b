"""Road files: class words, faults with their place."""

from decimal import Decimal

import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, Point

from forestgis.roads.imports import segments

WEST, SOUTH = 58_400.0, 13_200.0
LINE = LineString([(WEST, SOUTH), (WEST + 100, SOUTH + 50)])
# Around the line, in degrees of EPSG:6668: zone XII's origin is 44 N, 142 15' E.
BOUNDARY = shapely.box(142.9, 44.05, 143.1, 44.2)


def write(path, columns, geoms=(LINE,), kind="LineString"):
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(geoms, dtype=object)),
        field_data=[np.array(values, dtype=object) for values in columns.values()],
        fields=list(columns),
        geometry_type=kind,
        crs="EPSG:6680",
    )
    return path


def test_usual_columns_are_found(tmp_path):
    columns = {"路線名": ["奥札久留林道"], "区分": ["林道"], "幅員": ["３．６"], "路面": ["砂利"]}
    (row,), faults = segments.read(write(tmp_path / "r.gpkg", columns), boundary=BOUNDARY)
    assert faults == []
    assert (row.name, row.road_class, row.surface) == ("奥札久留林道", "forest_road", "砂利")
    assert row.width_m == Decimal("3.6")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("林道", "forest_road"),
        ("森林作業道", "strip_road"),
        ("林業専用道", "forestry_road"),
        ("町道", "public_road"),
        (" Track ", "forest_road"),
        ("strip_road", "strip_road"),
    ],
)
def test_class_words(tmp_path, word, expected):
    path = write(tmp_path / "r.gpkg", {"road_class": [word]})
    (row,), faults = segments.read(path, boundary=BOUNDARY)
    assert faults == []
    assert row.road_class == expected


def test_own_words_come_before_the_shipped_list(tmp_path):
    path = write(tmp_path / "r.gpkg", {"区分": ["林道", "３号"]}, [LINE, LINE])
    mapping = {"林道": "forestry_road", "3号": "strip_road"}
    rows, faults = segments.read(path, boundary=BOUNDARY, mapping=mapping)
    assert faults == []
    assert [row.road_class for row in rows] == ["forestry_road", "strip_road"]


def test_unknown_word_names_line_and_value(tmp_path):
    path = write(tmp_path / "r.gpkg", {"区分": ["林道", "獣道"]}, [LINE, LINE])
    rows, (fault,) = segments.read(path, boundary=BOUNDARY)
    assert len(rows) == 1
    assert (fault.code, fault.line, fault.column, fault.value) == ("bad_class", 2, "区分", "獣道")
    assert "林道" in fault.advice


def test_bad_width_names_its_place(tmp_path):
    columns = {"区分": ["林道", "林道"], "幅員": ["4m", "99"]}
    _rows, faults = segments.read(
        write(tmp_path / "r.gpkg", columns, [LINE, LINE]), boundary=BOUNDARY
    )
    assert [(f.code, f.line, f.column) for f in faults] == [
        ("bad_number", 1, "幅員"),
        ("out_of_range", 2, "幅員"),
    ]


def test_long_name_is_refused_not_cut(tmp_path):
    path = write(tmp_path / "r.gpkg", {"区分": ["林道"], "name": ["あ" * 81]})
    rows, (fault,) = segments.read(path, boundary=BOUNDARY)
    assert rows == []
    assert (fault.code, fault.column) == ("out_of_range", "name")


def test_file_without_class_column_lists_columns(tmp_path):
    _rows, (fault,) = segments.read(write(tmp_path / "r.gpkg", {"名称": ["x"]}), boundary=BOUNDARY)
    assert (fault.code, fault.detail) == ("no_column", "名称")


def test_points_are_refused(tmp_path):
    path = write(tmp_path / "r.gpkg", {"区分": ["林道"]}, [Point(WEST, SOUTH)], "Point")
    _rows, (fault,) = segments.read(path, boundary=BOUNDARY)
    assert (fault.code, fault.value) == ("wrong_geometry", "Point")
