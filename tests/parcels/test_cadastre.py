"""Reading 登記所備付地図: a real one, and what is wrong with bad ones."""

import re
import zipfile
from decimal import Decimal

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import Polygon, box

from forestgis.parcels.imports import archive, cadastre
from tests.parcels.conftest import moj_map, ring, zipped
from tests.registry.conftest import square

_TO_PLANE = Transformer.from_crs(6668, 6680, always_xy=True)


def read(path, area, code="01560"):
    return cadastre.read(path, path.name, municipality_code=code, boundary=area)


def codes(found):
    return [fault.code for fault in found.faults]


def test_real_map_has_its_lot_in_the_area_of_its_own_points(shared_data):
    path = shared_data / "parcels" / "moj_12103-0400-76.zip"
    found = read(path, box(139, 35, 141, 36), "12103")
    (lot,) = found.lots
    assert (str(lot.lot), lot.coordinate_system, lot.accuracy) == (
        "作草部町194-1",
        "公共座標9系",
        "甲一",
    )
    # Straight from the XML, by another way than mojxml: the ring's curves, the first point of each, the shoelace.
    with zipfile.ZipFile(path) as opened:
        text = opened.read(opened.namelist()[0]).decode()
    points = {
        pid: (float(y), float(x))
        for pid, x, y in re.findall(
            r'GM_Point id="(\w+)">.*?<zmn:X>([-\d.]+)</zmn:X>\s*<zmn:Y>([-\d.]+)</zmn:Y>',
            text,
            re.DOTALL,
        )
    }
    curves = {
        cid: points[re.search(r'GM_PointRef.point idref="(\w+)"', body)[1]]
        for cid, body in re.findall(r'GM_Curve id="(\w+)">(.*?)</zmn:GM_Curve>', text, re.DOTALL)
        if "GM_PointRef.point" in body
    }
    body = re.search(r'GM_Surface id="F000000001">(.*?)</zmn:GM_Surface>', text, re.DOTALL)[1]
    corners = [curves[cid] for cid in re.findall(r'generator idref="(\w+)"', body)]
    assert lot.area_m2 == pytest.approx(Decimal(Polygon(corners).area), abs=Decimal("0.02"))


def test_shapes_are_where_their_coordinates_say(written, area):
    found = read(written("a.xml", moj_map({"12-1": ring(0, 0), "12-2": ring(1, 0)})), area)
    assert codes(found) == []
    plane = shapely.transform(
        found.lots[1].geom, lambda xy: np.column_stack(_TO_PLANE.transform(xy[:, 0], xy[:, 1]))
    )
    assert plane.symmetric_difference(square(1, 0)).area < 0.1
    assert found.lots[1].area_m2 == pytest.approx(Decimal(10_000), abs=Decimal("0.1"))


def test_zip_of_zips_is_read_as_published(written, area):
    inner = zipped({"01560-1.xml": moj_map({"1": ring(0, 0)}).encode()})
    other = zipped({"01560-2.xml": moj_map({"2": ring(1, 0)}, name="滝上-2").encode()})
    found = read(written("01560.zip", zipped({"01560-1.zip": inner, "01560-2.zip": other})), area)
    assert [item.lot.number for item in found.lots] == ["1", "2"]
    assert found.map_names == {"滝上-1", "滝上-2"}


def test_arbitrary_coordinates_are_kept_and_not_placed(written, area):
    sheet = moj_map({"5": [(0, 0), (0, 10), (20, 10), (20, 0)]}, system="任意座標系")
    found = read(written("a.xml", sheet), area)
    assert codes(found) == ["map_arbitrary"]
    (lot,) = found.lots
    assert (lot.placed, lot.area_m2) == (False, Decimal("200.00"))


def test_lot_in_two_pieces_is_one_lot_and_said(written, area):
    found = read(written("a.xml", moj_map({"7": ring(0, 0), "7 ": ring(5, 5)})), area)
    assert codes(found) == ["duplicate_shape"]
    (lot,) = found.lots
    assert len(lot.geom.geoms) == 2


def test_roads_without_number_are_counted_and_left_out(written, area):
    found = read(
        written("a.xml", moj_map({"8": ring(0, 0), "道": ring(1, 0), "地区外": ring(2, 0)})), area
    )
    assert [(fault.code, fault.value) for fault in found.faults] == [("map_unnumbered", "1")]
    assert len(found.lots) == 1


def test_bow_tie_is_repaired_and_said(written, area):
    a, b, c, d = ring(0, 0)
    found = read(written("a.xml", moj_map({"9": [a, c, b, d]})), area)
    assert codes(found) == ["repaired"]
    assert found.lots[0].geom.is_valid


BOMB = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("緯度,経度\n1,2\n", "map_not_xml"),
        ("<gml>something else</gml>", "map_not_xml"),
        (moj_map({"1": ring(0, 0)})[:-400], "map_not_xml"),
        (moj_map({"1": ring(0, 0)}).encode("cp932", "replace"), "map_not_xml"),
        (BOMB, "map_not_xml"),
        (b"PK\x03\x04 no archive", "map_archive"),
        (zipped({"readme.txt": b"nothing"}), "map_archive"),
        (moj_map({"1": ring(0, 0)}).replace('idref="P1', 'idref="Q1'), "map_topology"),
        (moj_map({"1": ring(0, 0)}).replace('<形状 idref="F1"/>', ""), "no_geometry"),
        (moj_map({"1": ring(0, 0)[:1]}), "map_topology"),
        (moj_map({"1": ring(0, 0)}, system="公共座標20系"), "map_crs"),
        (moj_map({"1": ring(0, 0)}, system="公共座標9系"), "map_wrong_place"),
        (moj_map({"1": ring(0, 0)}, code="01562"), "map_other_municipality"),
    ],
)
def test_bad_map_is_refused_with_its_reason(written, area, content, code):
    found = read(written("bad.xml", content), area)
    (fault,) = found.faults
    assert (fault.code, fault.severity) == (code, "refuse")
    assert fault.problem
    assert fault.advice


def test_archive_that_unpacks_too_far_is_refused(written, area, monkeypatch):
    monkeypatch.setattr(archive, "DOCUMENT_LIMIT", 100_000)
    found = read(written("bomb.zip", zipped({"a.xml": b"<a>" + b" " * 200_000})), area)
    assert codes(found) == ["too_large"]


def test_one_bad_sheet_does_not_hide_the_faults_of_another(written, area):
    members = {"a.xml": b"nothing", "b.xml": moj_map({"1": ring(0, 0)}, code="01562").encode()}
    found = read(written("two.zip", zipped(members)), area)
    assert sorted(codes(found)) == ["map_not_xml", "map_other_municipality"]
