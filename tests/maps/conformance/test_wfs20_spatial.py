"""WFS 2.0, spatial filters (ISO 19143 7.8, A.7, A.8), and paging (ISO 19142 7.7.4.4)."""

from __future__ import annotations

import pytest
from pyproj import Transformer

URN = "urn:ogc:def:crs:EPSG::6668"


def envelope(west, south, east, north, srs=f' srsName="{URN}"') -> str:
    return (
        f"<gml:Envelope{srs}><gml:lowerCorner>{south} {west}</gml:lowerCorner>"
        f"<gml:upperCorner>{north} {east}</gml:upperCorner></gml:Envelope>"
    )


def spatial(operator: str, geometry: str, name: str = "geom") -> str:
    reference = f"<fes:ValueReference>{name}</fes:ValueReference>" if name else ""
    return f"<fes:{operator}>{reference}{geometry}</fes:{operator}>"


@pytest.mark.parametrize("name", ["geom", "forest:geom", ""])
@pytest.mark.parametrize("srs", [f' srsName="{URN}"', ""])
def test_non_specific_bbox(found, kvp, name, srs):
    box = envelope(143.001, 44.201, 143.002, 44.202, srs)
    assert found(spatial("BBOX", box, name), kvp) == {"123.4"}


@pytest.mark.parametrize("epsg", [4326, 6680, 3857])
def test_bbox_in_every_crs(found, epsg):
    change = Transformer.from_crs(6668, epsg, always_xy=True)
    west, south = change.transform(143.001, 44.201)
    east, north = change.transform(143.002, 44.202)
    if epsg == 3857:  # easting first
        west, south, east, north = south, west, north, east
    box = envelope(west, south, east, north, f' srsName="urn:ogc:def:crs:EPSG::{epsg}"')
    assert found(spatial("BBOX", box)) == {"123.4"}


def test_bbox_with_default_extent(kvp, select):
    west, south, east, north = 142.9, 44.1, 143.2, 44.3
    answer = kvp("GetFeature", TYPENAMES="hardwood", BBOX=f"{south},{west},{north},{east}")
    assert len(select(answer, "//forest:hardwood")) == 3
    assert select(answer, "//forest:hardwood") != []


def test_invalid_geometry_operand(post):
    inner = spatial("BBOX", envelope(143, 44, 144, 45), "hardwood_m3ha")
    answer = post(
        '<wfs:GetFeature service="WFS" version="2.0.0"><wfs:Query typeNames="forest:hardwood">'
        f"<fes:Filter>{inner}</fes:Filter></wfs:Query></wfs:GetFeature>"
    )
    assert answer.status_code == 400
    assert b"ExceptionReport" in answer.content


RING = "44.201 143.001 44.201 143.002 44.202 143.002 44.202 143.001 44.201 143.001"
POLYGON = (
    f'<gml:Polygon gml:id="p" srsName="{URN}"><gml:exterior><gml:LinearRing><gml:posList>{RING}'
    "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
)
LINE = f'<gml:LineString gml:id="l" srsName="{URN}"><gml:posList>44.201 142.9 44.202 143.001</gml:posList></gml:LineString>'
CURVE = (
    f'<gml:Curve gml:id="c" srsName="{URN}"><gml:segments><gml:LineStringSegment><gml:posList>'
    "44.201 142.9 44.202 143.001</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>"
)


def test_intersects_polygon(found, kvp):
    assert found(spatial("Intersects", POLYGON), kvp) == {"123.4"}


@pytest.mark.parametrize("geometry", [LINE, CURVE], ids=["LineString", "Curve"])
def test_intersects_curve(found, geometry):
    assert found(spatial("Intersects", geometry)) == {"123.4"}


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("Contains", {"123.4"}), ("Within", set()), ("Disjoint", {"45.6", "210.9"}), ("Overlaps", set()), ("Touches", set())],
)  # fmt: skip
def test_other_spatial_operators(found, operator, expected):
    assert found(spatial(operator, POLYGON)) == expected


def test_get_feature_with_hits_only(kvp, post, select):
    by_get = kvp("GetFeature", TYPENAMES="hardwood", RESULTTYPE="hits")
    by_post = post(
        '<wfs:GetFeature service="WFS" version="2.0.0" resultType="hits">'
        '<wfs:Query typeNames="forest:hardwood"/></wfs:GetFeature>'
    )
    for answer in (by_get, by_post):
        assert select(answer, "//wfs:member") == []
        assert select(answer, "/wfs:FeatureCollection/@numberMatched") == ["3"]
        assert select(answer, "/wfs:FeatureCollection/@numberReturned") == ["0"]


def test_traverse_result_set_in_both_directions(kvp, get, address, select):
    def links(answer, name):
        return [
            link.removeprefix(address) for link in select(answer, f"/wfs:FeatureCollection/@{name}")
        ]

    answer = kvp("GetFeature", TYPENAMES="hardwood", COUNT="1")
    assert links(answer, "previous") == []
    forward = select(answer, "//forest:hardwood/@gml:id")
    while following := links(answer, "next"):
        answer = get(following[0], "prefecture")
        forward += select(answer, "//forest:hardwood/@gml:id")
        assert select(answer, "/wfs:FeatureCollection/@numberMatched") == ["3"]
    assert len(forward) == len(set(forward)) == 3
    backward = select(answer, "//forest:hardwood/@gml:id")
    while before := links(answer, "previous"):
        answer = get(before[0], "prefecture")
        backward += select(answer, "//forest:hardwood/@gml:id")
    assert backward == forward[::-1]


def test_start_index_beyond_the_end(kvp, select):
    answer = kvp("GetFeature", TYPENAMES="hardwood", STARTINDEX="10")
    assert select(answer, "//wfs:member") == []
    assert select(answer, "/wfs:FeatureCollection/@numberReturned") == ["0"]
