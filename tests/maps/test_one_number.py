"""One number in every protocol: database, tile, WFS in three formats, feature info."""

from __future__ import annotations

import csv
import io
import math
from decimal import Decimal

import pyogrio
import pytest
from lxml import etree

from forestgis.maps.catalogue import BY_NAME
from tiles.layer import FieldType

DECIMALS = [field.name for field in BY_NAME["hardwood"].fields if field.type is FieldType.DECIMAL]
FILTER = (
    '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsEqualTo><fes:ValueReference>run'
    "</fes:ValueReference><fes:Literal>{}</fes:Literal></fes:PropertyIsEqualTo></fes:Filter>"
)


@pytest.fixture
def stored(world) -> dict[str, Decimal | None]:
    """The row of the run `own` as the owner of the tables reads it."""
    from django.db import connection

    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture")), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(DECIMALS)} FROM map_hardwood WHERE run = %s", [world.runs["own"]]
        )
        return dict(zip(DECIMALS, cursor.fetchone(), strict=True))


def shown(value: object, name: str) -> str:
    """The value with the declared number of digits, as a reader sees it; nothing for none."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return ""
    decimals = next(field.decimals for field in BY_NAME["hardwood"].fields if field.name == name)
    return f"{Decimal(str(value)):.{decimals}f}"


@pytest.fixture
def expected(stored):
    return {name: shown(value, name) for name, value in stored.items()}


def wfs(get, world, **params: str) -> bytes:
    asked = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": "hardwood"}
    return get("/wfs", **asked, FILTER=FILTER.format(world.runs["own"]), **params).content


def test_the_stored_numbers_have_the_declared_digits(stored):
    for field in BY_NAME["hardwood"].fields:
        value = stored.get(field.name)
        if value is not None:
            assert -value.as_tuple().exponent == field.decimals, field.name


def test_vector_tile(get, world, middle, expected, tmp_path):
    lon, lat = middle(0, 0)
    n = 2**14
    x = int((lon + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    path = tmp_path / f"{y}.mvt"
    path.write_bytes(get(f"/maps/tiles/hardwood/14/{x}/{y}.mvt").content)
    meta, _, _, columns = pyogrio.raw.read(f"MVT:{path}", encoding="utf-8")
    row = dict(
        zip(
            meta["fields"],
            (column[0].item() if hasattr(column[0], "item") else column[0] for column in columns),
            strict=True,
        )
    )
    # A tile leaves missing values out.
    assert {name: shown(row.get(name), name) for name in DECIMALS} == expected


def test_wfs_gml(get, world, expected):
    tree = etree.fromstring(wfs(get, world))
    found = {name: tree.xpath(f"string(//*[local-name()='{name}'])") for name in DECIMALS}
    assert found == expected


def test_wfs_geojson(get, world, expected):
    import json

    [feature] = json.loads(wfs(get, world, OUTPUTFORMAT="geojson"))["features"]
    assert {name: shown(feature["properties"][name], name) for name in DECIMALS} == expected


def test_wfs_csv(get, world, expected):
    [row] = csv.DictReader(io.StringIO(wfs(get, world, OUTPUTFORMAT="csv").decode()))
    assert {name: row[name] for name in DECIMALS} == expected


def test_feature_info(get, middle, expected):
    lon, lat = middle(0, 0)
    answer = get(
        "/wms",
        SERVICE="WMS",
        VERSION="1.3.0",
        REQUEST="GetFeatureInfo",
        LAYERS="hardwood",
        QUERY_LAYERS="hardwood",
        STYLES="",
        CRS="CRS:84",
        BBOX=f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}",
        WIDTH="9",
        HEIGHT="9",
        I="4",
        J="4",
        FORMAT="image/png",
        INFO_FORMAT="application/json",
    )
    [feature] = answer.json()["features"]
    assert {name: shown(feature["properties"][name], name) for name in DECIMALS} == expected
