"""A small PostGIS database, two COGs and a MapServer process, with layers declared for these tests only."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg2
import pytest
import rasterio
from rasterio.transform import from_origin

from tiles.layer import Field, FieldType, Geometry, Layer, RasterSource, Text, VectorSource
from tiles.ogc import fcgi
from tiles.style import mapfile
from tiles.style.model import (
    Label,
    Line,
    OneOf,
    RasterStyle,
    StyleClass,
    Symbol,
    VectorStyle,
    graduated,
)

NOTE = Text("試験", "test")

STAND = Layer(
    name="stand",
    title=Text("林分", "Stands"),
    group=NOTE,
    source=VectorSource("stand_view", Geometry.MULTIPOLYGON),
    fields=(
        Field("code", Text("コード", "Code"), length=5),
        Field("volume", Text("材積", "Volume"), FieldType.DECIMAL, "m3/ha", 1),
        Field("seen", Text("計測日", "Seen"), FieldType.DATE),
        Field("sure", Text("確か", "Sure"), FieldType.BOOLEAN),
    ),
    style=VectorStyle(
        graduated((50, 100), ("#ffffcc", "#78c679", "#005a32"), "m3/ha", Line("#4d4d4d")),
        field="volume",
        label=Label("code", minzoom=15),
    ),
    unit="m3/ha",
    minzoom=5,
    attribution=NOTE,
)
TRACK = Layer(
    name="track",
    title=Text("道", "Tracks"),
    group=NOTE,
    source=VectorSource("track_view", Geometry.MULTILINESTRING),
    fields=(Field("kind", Text("種類", "Kind")),),
    style=VectorStyle(
        (
            StyleClass(Text("甲", "A"), Symbol(outline=Line("#d55e00", 4)), OneOf(("a",))),
            StyleClass(Text("乙", "B"), Symbol(outline=Line("#0072b2", 2)), OneOf(("b", "c"))),
        ),
        field="kind",
    ),
    attribution=NOTE,
)
HEIGHT = Layer(
    name="height",
    title=Text("樹高", "Height"),
    group=NOTE,
    source=RasterSource("chm", (0, 80), relation="product_view"),
    style=RasterStyle(graduated((5, 25), ("#f0f0f0", "#4ac16d", "#46327e"), "m")),
    attribution=NOTE,
)
SHADE = Layer(
    name="shade",
    title=Text("陰影", "Shade"),
    group=NOTE,
    source=RasterSource("hillshade", (0, 255), relation="product_view"),
    style=RasterStyle(),
    attribution=NOTE,
)
LAYERS = (SHADE, HEIGHT, STAND, TRACK)

ROOT = Path(__file__).resolve().parents[2]
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


def _admin_url() -> str:
    if url := os.environ.get("ADMIN_DATABASE_URL"):
        return url
    env = ROOT / "var" / "env"
    lines = env.read_text().splitlines() if env.is_file() else []
    for line in lines:
        if line.startswith("ADMIN_DATABASE_URL="):
            return line.partition("=")[2]
    pytest.fail("no database: run script/setup, or set ADMIN_DATABASE_URL")


@pytest.fixture(scope="session")
def postgis() -> Iterator[dict[str, str]]:
    """libpq variables of a fresh database with the relations of relations.sql."""
    name = f"tiles_test_{uuid.uuid4().hex[:10]}"
    admin = psycopg2.connect(_admin_url())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    parameters = admin.get_dsn_parameters()
    variables = {
        "PGHOST": parameters["host"],
        "PGPORT": parameters["port"],
        "PGUSER": parameters["user"],
        "PGPASSWORD": admin.info.password,
        "PGDATABASE": name,
    }
    try:
        with psycopg2.connect(**_kwargs(variables)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION postgis")
            cursor.execute((Path(__file__).parent / "relations.sql").read_text())
        connection.close()
        yield variables
    finally:
        with admin.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.close()


def _kwargs(variables: dict[str, str]) -> dict[str, str]:
    return {
        "host": variables["PGHOST"],
        "port": variables["PGPORT"],
        "user": variables["PGUSER"],
        "password": variables["PGPASSWORD"],
        "dbname": variables["PGDATABASE"],
    }


@pytest.fixture
def cursor(postgis):
    connection = psycopg2.connect(**_kwargs(postgis))
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """west.tif and east.tif: canopy height, side by side in EPSG:6680; the east one has a hole. shade.tif: grey."""
    folder = tmp_path_factory.mktemp("cogs")
    rows = np.arange(100, dtype="float32")[:, None] / 10
    west = np.broadcast_to(rows, (100, 100)).copy()
    east = west + 20
    east[:20, :20] = -9999
    _write(folder / "west.tif", west, 0, -9999)
    _write(folder / "east.tif", east, 1000, -9999)
    _write(folder / "shade.tif", np.full((100, 100), 77, dtype="uint8"), 0, 0)
    return folder


def _write(path: Path, values: np.ndarray, east_m: float, nodata: float) -> None:
    with rasterio.open(
        path,
        "w",
        driver="COG",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs="EPSG:6680",
        transform=from_origin(-90000 + east_m, 26000, 10, 10),
        nodata=nodata,
    ) as data:
        data.write(values, 1)


@pytest.fixture(scope="session")
def mapserv(postgis, files) -> Iterator[dict[str, str]]:
    """A running MapServer: the FastCGI variables that every call needs, with its socket under `socket`."""
    with tempfile.TemporaryDirectory(prefix="ms", dir="/tmp") as short:
        folder = Path(short)
        (folder / "fonts.txt").write_text(mapfile.fontset(FONT))
        service = mapfile.MapService("試験", "Test", str(folder / "fonts.txt"), str(files))
        (folder / "test.map").write_text(mapfile.map_file(service, LAYERS), encoding="utf-8")
        (folder / "mapserver.conf").write_text(mapfile.config_file(str(folder / "test.map")))
        environment = {
            "MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf"),
            "PATH": "/usr/bin:/bin",
        }
        with fcgi.pool("/usr/lib/cgi-bin/mapserv", folder / "s", environment) as socket:
            yield {
                **postgis,
                "socket": str(socket),
                "REQUEST_METHOD": "GET",
                "SERVER_NAME": "maps.example",
                "SERVER_PORT": "8443",
                "HTTPS": "on",
                "SCRIPT_NAME": "/wms",
                "SERVER_PROTOCOL": "HTTP/1.1",
            }


@pytest.fixture(scope="session")
def layers() -> dict[str, Layer]:
    """The declared layers by name."""
    return {layer.name: layer for layer in LAYERS}


@pytest.fixture(scope="session")
def pixels():
    """Return a decoder of PNG and JPEG: array of shape (row, column, 3 or 4)."""

    def decode(picture: bytes) -> np.ndarray:
        with rasterio.MemoryFile(picture) as memory, memory.open() as data:
            if data.colorinterp[0] is rasterio.enums.ColorInterp.palette:
                table = data.colormap(1)
                return np.array([[table[v] for v in row] for row in data.read(1)], dtype=np.uint8)
            return np.moveaxis(data.read(), 0, -1)

    return decode
