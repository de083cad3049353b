"""GeoPackage and shapefile by WFS, read back by GDAL."""

from __future__ import annotations

import io
import zipfile

import pyogrio
import pytest

from forestgis.maps.catalogue import BY_NAME

GPKG = "application/geopackage+sqlite3"


@pytest.fixture
def ask(get):
    def send(reader: str = "prefecture", **params: str):
        query = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", **params}
        return get("/wfs", reader, **query)

    return send


@pytest.fixture
def read(ask, tmp_path):
    """Return the table of a file: columns by name, and the layer's description."""

    def load(output: str, layer: str = "hardwood", reader: str = "prefecture", **params: str):
        answer = ask(reader, TYPENAMES=layer, OUTPUTFORMAT=output, **params)
        assert answer.status_code == 200, answer.text
        zipped = output.startswith("shape")
        path = tmp_path / f"answer.{'zip' if zipped else 'gpkg'}"
        path.write_bytes(answer.content)
        meta, _, geometry, columns = pyogrio.raw.read(
            f"/vsizip/{path}/{layer}.shp" if zipped else path
        )
        return dict(zip(meta["fields"], columns, strict=True)), meta, geometry

    return load


def test_geopackage_keeps_names_types_and_missing_values(read):
    columns, meta, geometry = read("gpkg")
    assert set(columns) == {field.name for field in BY_NAME["hardwood"].fields}
    assert meta["crs"] == "EPSG:6668"
    assert meta["geometry_type"] == "MultiPolygon"
    assert len(geometry) == 3
    assert sorted(columns["hardwood_m3ha"]) == [45.6, 123.4, 210.9]
    assert set(columns["calibrated"]) == {True, False}
    assert columns["calibrated"].dtype == bool
    assert str(columns["scanned_on"][0])[:10] == "2026-06-01"
    assert all(code.startswith("0") for code in columns["municipality_code"])


def test_coordinates_are_easting_first_in_the_system_asked_for(read):
    _, meta, _ = read(GPKG, SRSNAME="urn:ogc:def:crs:EPSG::6680")
    assert meta["crs"] == "EPSG:6680"


@pytest.mark.parametrize(
    ("output", "encoding"), [("shape-zip", "UTF-8"), ("shape-zip-cp932", "CP932")]
)
def test_shapefile_says_its_encoding_and_what_its_names_stand_for(
    ask, read, output, encoding, database
):
    from django.db import connection

    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture", can_write=True)), connection.cursor() as cursor:
        cursor.execute("UPDATE roads_segment SET name = '滝西林道髙𠮷' WHERE name = '滝西林道'")
    columns, meta, _geometry = read(output, "road")
    expected = "滝西林道髙〓" if encoding == "CP932" else "滝西林道髙𠮷"
    assert set(columns["name"]) == {expected, "公道1号", "作業道"}
    assert meta["encoding"] in (encoding, "UTF-8")
    with zipfile.ZipFile(
        io.BytesIO(ask(TYPENAMES="hardwood", OUTPUTFORMAT=output).content)
    ) as packed:
        names = set(packed.namelist())
        assert names == {f"hardwood.{part}" for part in ("cpg", "dbf", "prj", "shp", "shx")} | {
            "fields.csv"
        }
        assert packed.read("hardwood.cpg").decode().strip() in (encoding, encoding.lower())
        assert (
            "ha_se_m3ha,hardwood_se_m3ha,ha当たり広葉樹材積の標準誤差"
            in packed.read("fields.csv").decode()
        )


@pytest.mark.parametrize("output", ["gpkg", "shape-zip", "shape-zip-cp932"])
def test_files_hold_the_readers_rows_alone(read, world, output):
    columns, _, geometry = read(output, reader="here")
    assert set(columns["run"]) == {world.runs["own"], world.runs["shared"]}
    columns, meta, geometry = read(output, reader="operator")
    assert len(geometry) == 0
    assert len(meta["fields"]) == len(BY_NAME["hardwood"].fields)


def test_properties_and_filters_hold_for_files(read):
    columns, _, geometry = read("gpkg", PROPERTYNAME="label,geom", COUNT="2", SORTBY="label")
    assert list(columns) == ["label"]
    assert len(geometry) == 2


def test_a_file_holds_one_type(ask):
    answer = ask(TYPENAMES="(hardwood)(road)", OUTPUTFORMAT="gpkg")
    assert answer.status_code == 400
    assert b"ExceptionReport" in answer.content
