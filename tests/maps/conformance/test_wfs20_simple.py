"""WFS 2.0, conformance class Simple WFS (ISO 19142 A.1.1), test by test of the standard's suite."""

from __future__ import annotations

import pytest

BY_ID = "urn:ogc:def:query:OGC-WFS::GetFeatureById"


@pytest.fixture
def feature_id(kvp, select) -> str:
    answer = kvp("GetFeature", TYPENAMES="hardwood", COUNT="1")
    return select(answer, "//forest:hardwood/@gml:id")[0]


def test_get_capabilities_missing_service_param(get, exception):
    answer = get("/wfs", "prefecture", REQUEST="GetCapabilities", SERVICE="")
    assert exception(answer)[1] in ("MissingParameterValue", "InvalidParameterValue")


def test_get_full_capabilities(kvp, select):
    answer = kvp("GetCapabilities")
    assert select(answer, "/wfs:WFS_Capabilities/@version") == ["2.0.0"]
    offered = set(select(answer, "//ows:Operation/@name"))
    assert offered >= {
        *("GetCapabilities", "DescribeFeatureType", "GetFeature", "ListStoredQueries"),
        "DescribeStoredQueries",
    }


def test_get_capabilities_accept_versions(get, select, exception):
    query = {"SERVICE": "WFS", "REQUEST": "GetCapabilities"}
    accepted = get("/wfs", "prefecture", ACCEPTVERSIONS="2.0.0,1.1.0", **query)
    assert select(accepted, "/wfs:WFS_Capabilities/@version") == ["2.0.0"]
    refused = get("/wfs", "prefecture", ACCEPTVERSIONS="9.9.9", **query)
    assert exception(refused)[1] == "VersionNegotiationFailed"


@pytest.mark.parametrize(
    "constraint", ["ImplementsBasicWFS", "KVPEncoding", "XMLEncoding", "ImplementsResultPaging"]
)
def test_capabilities_doc_corresponds_to_wfs_simple(kvp, select, constraint):
    path = f"//ows:Constraint[@name='{constraint}']/ows:DefaultValue/text()"
    assert select(kvp("GetCapabilities"), path) == ["TRUE"]


def test_describe_all_feature_types(kvp, post, select):
    path = "/xs:schema/xs:element/@name"
    by_get = select(kvp("DescribeFeatureType"), path)
    by_post = select(post('<wfs:DescribeFeatureType service="WFS" version="2.0.0"/>'), path)
    assert {"hardwood", "municipality", "road"} <= set(by_get) == set(by_post)


def test_describe_unknown_feature_type(kvp, exception):
    answer = kvp("DescribeFeatureType", TYPENAMES="forest:nothing")
    assert exception(answer)[:2] == (400, "InvalidParameterValue")


def test_list_stored_queries(kvp, post, select):
    path = "//wfs:StoredQuery/@id"
    assert BY_ID in select(kvp("ListStoredQueries"), path)
    assert BY_ID in select(post('<wfs:ListStoredQueries service="WFS" version="2.0.0"/>'), path)


def test_describe_stored_query_get_feature_by_id(kvp, select):
    answer = kvp("DescribeStoredQueries", STOREDQUERY_ID=BY_ID)
    assert select(answer, "//wfs:StoredQueryDescription/wfs:Parameter/@name") == ["id"]


def test_unknown_stored_query(kvp, exception):
    answer = kvp("DescribeStoredQueries", STOREDQUERY_ID="urn:x:nothing")
    assert exception(answer)[:2] == (400, "InvalidParameterValue")
    answer = kvp("GetFeature", STOREDQUERY_ID="urn:x:nothing")
    assert exception(answer)[:2] == (400, "InvalidParameterValue")


def test_invoke_get_feature_by_id(kvp, post, select, feature_id):
    by_get = kvp("GetFeature", STOREDQUERY_ID=BY_ID, ID=feature_id)
    by_post = post(
        f'<wfs:GetFeature service="WFS" version="2.0.0"><wfs:StoredQuery id="{BY_ID}">'
        f'<wfs:Parameter name="id">{feature_id}</wfs:Parameter></wfs:StoredQuery></wfs:GetFeature>'
    )
    for answer in (by_get, by_post):
        assert select(answer, "/forest:hardwood/@gml:id") == [feature_id]


def test_invoke_get_feature_by_id_with_unknown_id(kvp):
    answer = kvp("GetFeature", STOREDQUERY_ID=BY_ID, ID="hardwood.987654321")
    assert answer.status_code == 404


def test_invoke_get_feature_by_id_without_id(kvp, exception):
    answer = kvp("GetFeature", STOREDQUERY_ID=BY_ID)
    assert exception(answer)[:2] == (400, "MissingParameterValue")


def test_parameter_names_in_any_case_and_order(get, select):
    query = {"request": "GetFeature", "typenames": "hardwood", "Version": "2.0.0", "service": "WFS"}
    assert select(get("/wfs", "prefecture", **query), "//forest:hardwood")
