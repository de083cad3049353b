"""WFS 2.0, conformance class Basic WFS (ISO 19142 A.1.2, ISO 19143), test by test of the standard's suite.

The zones have the volumes 123.4 (calibrated, 森林簿 stock known), 45.6 and 210.9 m3/ha.
"""

from __future__ import annotations

import pytest

ALL = {"123.4", "45.6", "210.9"}


def comparison(operator: str, name: str, value: str, **attributes: str) -> str:
    extra = "".join(f' {key}="{text}"' for key, text in attributes.items())
    return (
        f"<fes:{operator}{extra}><fes:ValueReference>{name}</fes:ValueReference>"
        f"<fes:Literal>{value}</fes:Literal></fes:{operator}>"
    )


def test_describes_basic_wfs(kvp, select):
    answer = kvp("GetCapabilities")
    path = "//ows:Constraint[@name='ImplementsBasicWFS']/ows:DefaultValue/text()"
    assert select(answer, path) == ["TRUE"]
    assert "GetPropertyValue" in select(answer, "//ows:Operation/@name")


@pytest.mark.parametrize("name", ["municipality", "road", "hardwood", "mesh20m"])
def test_get_features_by_type(kvp, post, select, name):
    by_get = kvp("GetFeature", TYPENAMES=f"forest:{name}")
    by_post = post(
        f'<wfs:GetFeature service="WFS" version="2.0.0"><wfs:Query typeNames="forest:{name}"/></wfs:GetFeature>'
    )
    ids = select(by_get, f"//wfs:member/forest:{name}/@gml:id")
    assert ids == select(by_post, f"//wfs:member/forest:{name}/@gml:id")
    assert len(ids) == int(select(by_get, "string(/wfs:FeatureCollection/@numberReturned)"))


def test_get_features_of_several_types(kvp, select):
    answer = kvp("GetFeature", TYPENAMES="(forest:hardwood)(forest:road)")
    returned = int(select(answer, "string(/wfs:FeatureCollection/@numberReturned)"))
    features = select(answer, "//forest:hardwood") + select(answer, "//forest:road")
    assert len(features) == returned == 6


def test_get_feature_in_other_crs(kvp, select):
    for urn in select(kvp("GetCapabilities"), "//wfs:FeatureType[1]/wfs:OtherCRS/text()"):
        answer = kvp("GetFeature", TYPENAMES="hardwood", COUNT="1", SRSNAME=urn)
        assert set(select(answer, "//forest:geom/*/@srsName")) == {urn}


def test_get_feature_in_unsupported_crs(kvp, exception):
    answer = kvp("GetFeature", TYPENAMES="hardwood", SRSNAME="urn:ogc:def:crs:EPSG::32690")
    assert exception(answer)[:2] == (400, "InvalidParameterValue")


def test_get_property_gml_id(kvp, select):
    ids = select(kvp("GetFeature", TYPENAMES="hardwood"), "//forest:hardwood/@gml:id")
    answer = kvp("GetPropertyValue", TYPENAMES="hardwood", VALUEREFERENCE="@gml:id")
    assert [text.strip() for text in select(answer, "//wfs:member/text()")] == ids


def test_get_property_of_every_field(kvp, select):
    answer = kvp("GetPropertyValue", TYPENAMES="hardwood", VALUEREFERENCE="hardwood_m3ha")
    assert set(select(answer, "//wfs:member/forest:hardwood_m3ha/text()")) == ALL


def test_get_property_empty_value_ref(kvp, exception):
    answer = kvp("GetPropertyValue", TYPENAMES="hardwood", VALUEREFERENCE="")
    assert exception(answer)[1] in ("MissingParameterValue", "InvalidParameterValue")


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("PropertyIsLessThan", "123.4", {"45.6"}),
        ("PropertyIsLessThanOrEqualTo", "123.4", {"45.6", "123.4"}),
        ("PropertyIsGreaterThan", "123.4", {"210.9"}),
        ("PropertyIsGreaterThanOrEqualTo", "123.4", {"210.9", "123.4"}),
        ("PropertyIsEqualTo", "123.4", {"123.4"}),
        ("PropertyIsNotEqualTo", "123.4", {"45.6", "210.9"}),
    ],
)
@pytest.mark.parametrize("action", ["Any", "All"])
def test_comparison_operators(found, kvp, operator, value, expected, action):
    assert found(comparison(operator, "hardwood_m3ha", value, matchAction=action), kvp) == expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("forest:municipality_code", "01560", {"123.4"}),
        ("scanned_on", "2026-06-01", ALL),
        ("calibrated", "true", {"123.4"}),
    ],
)
def test_property_is_equal_to_on_every_simple_type(found, kvp, field, value, expected):
    assert found(comparison("PropertyIsEqualTo", field, value), kvp) == expected


def test_property_is_equal_to_case_sensitive(found, kvp):
    assert found(comparison("PropertyIsEqualTo", "label", "12-34", matchCase="true"), kvp) == ALL


def test_property_is_between(found, kvp):
    inner = (
        "<fes:PropertyIsBetween><fes:ValueReference>hardwood_m3ha</fes:ValueReference>"
        "<fes:LowerBoundary><fes:Literal>45.6</fes:Literal></fes:LowerBoundary>"
        "<fes:UpperBoundary><fes:Literal>123.4</fes:Literal></fes:UpperBoundary></fes:PropertyIsBetween>"
    )
    assert found(inner, kvp) == {"45.6", "123.4"}


LIKE = {"wildCard": "*", "singleChar": "?", "escapeChar": "!"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("grid-*", {"210.9"}), ("gri?-theirs", {"210.9"}), ("*", ALL), ("grid-", set())],
)
def test_property_is_like(found, kvp, pattern, expected):
    like = comparison("PropertyIsLike", "keycode", pattern, **LIKE)
    assert found(like, kvp) == expected
    assert found(f"<fes:Not>{like}</fes:Not>", kvp) == ALL - expected


def test_property_is_null(found, kvp):
    inner = "<fes:PropertyIsNull><fes:ValueReference>register_hardwood_m3ha</fes:ValueReference></fes:PropertyIsNull>"
    assert found(inner, kvp) == {"210.9"}
    assert found(f"<fes:Not>{inner}</fes:Not>", kvp) == {"123.4", "45.6"}


def test_property_is_nil(found, kvp):
    inner = "<fes:PropertyIsNil><fes:ValueReference>register_hardwood_m3ha</fes:ValueReference></fes:PropertyIsNil>"
    assert found(inner, kvp) == {"210.9"}


def test_invalid_property_reference(kvp, exception):
    filter_ = (
        '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0">'
        f"{comparison('PropertyIsEqualTo', 'undefined', 'x')}</fes:Filter>"
    )
    answer = kvp("GetFeature", TYPENAMES="hardwood", FILTER=filter_)
    assert exception(answer)[:2] == (400, "InvalidParameterValue")


@pytest.mark.parametrize("operand", ["gml:boundedBy", "geom"])
def test_invalid_operand_bounded_by(post, operand):
    inner = comparison("PropertyIsLessThanOrEqualTo", operand, "1355941270")
    answer = post(
        '<wfs:GetFeature service="WFS" version="2.0.0"><wfs:Query typeNames="forest:hardwood">'
        f"<fes:Filter>{inner}</fes:Filter></wfs:Query></wfs:GetFeature>"
    )
    assert answer.status_code == 400
    assert b"ExceptionReport" in answer.content


def test_two_valid_feature_identifiers(kvp, found, select):
    first, second, _ = select(kvp("GetFeature", TYPENAMES="hardwood"), "//forest:hardwood/@gml:id")
    both = f'<fes:ResourceId rid="{first}"/><fes:ResourceId rid="{second}"/>'
    assert len(found(both)) == 2
    answer = kvp("GetFeature", RESOURCEID=f"{first},{second}")
    assert set(select(answer, "//forest:hardwood/@gml:id")) == {first, second}


def test_unknown_feature_identifier(found):
    assert found('<fes:ResourceId rid="hardwood.987654321"/>') == set()


def test_inconsistent_feature_identifier_and_type(kvp, select):
    [rid, *_] = select(kvp("GetFeature", TYPENAMES="road"), "//forest:road/@gml:id")
    answer = kvp("GetFeature", TYPENAMES="hardwood", RESOURCEID=rid)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert select(answer, "//wfs:member") == []


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<fes:And>{low}{high}</fes:And>", {"123.4"}),
        ("<fes:Or><fes:Not>{low}</fes:Not><fes:Not>{high}</fes:Not></fes:Or>", {"45.6", "210.9"}),
    ],
)
def test_logical_operators(found, kvp, inner, expected):
    low = comparison("PropertyIsGreaterThan", "hardwood_m3ha", "50")
    high = comparison("PropertyIsLessThan", "hardwood_m3ha", "200")
    assert found(inner.format(low=low, high=high), kvp) == expected
