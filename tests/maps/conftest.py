"""Two municipalities with registers, roads and surveys; a web server and a map server over them.

Everything lies near 143.0 E, 44.2 N on a grid of squares of 0.005 degree; `square(column, row)` is one of them.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import rasterio
import requests
from pyproj import Transformer
from rasterio.transform import from_origin

LEFT, BOTTOM, STEP = 143.0, 44.2, 0.005
HERE, THERE = "01560", "01559"


def corners(column: int, row: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a square."""
    west, south = LEFT + column * STEP, BOTTOM + row * STEP
    return west, south, west + STEP, south + STEP


def middle(column: int, row: int) -> tuple[float, float]:
    """Longitude and latitude of a square's middle."""
    west, south, east, north = corners(column, row)
    return (west + east) / 2, (south + north) / 2


@pytest.fixture(name="middle")
def middle_of_square() -> Callable[[int, int], tuple[float, float]]:
    """Return `middle`."""
    return middle


@dataclass(frozen=True, slots=True)
class World:
    """What the tests ask about: HTTP credentials of each reader, and the ids of the runs."""

    here: tuple[str, str]
    there: tuple[str, str]
    prefecture: tuple[str, str]
    operator: tuple[str, str]
    runs: dict[str, str]
    files: Path


@pytest.fixture(scope="module")
def world(
    database, tmp_path_factory, municipality, organisation, make_user, host_principal
) -> Iterator[World]:
    """Store the world.

    Runs: `own` (HERE, for itself), `unpublished` (HERE), `shared` (THERE, for all municipalities), `theirs` (THERE,
    for itself). Each has one zone and one 20 m cell; `own` and `theirs` have rasters.
    """
    from django.conf import settings

    from forestgis.tenancy.principal import transaction_as

    files = tmp_path_factory.mktemp("files")
    before, settings.FORESTGIS_FILES = settings.FORESTGIS_FILES, files
    accounts = {
        "here": make_user(municipality(HERE), "municipal_officer"),
        "there": make_user(municipality(THERE), "municipal_officer"),
        "prefecture": make_user(organisation("prefecture"), "prefecture_staff"),
        "operator": make_user(organisation("operator"), "operator"),
    }
    with transaction_as(host_principal):
        make_municipalities()
        make_register()
        make_roads()
        make_parcels()
        make_notices()
        runs = make_runs(files)
    tokens = {name: make_token(user) for name, user in accounts.items()}
    yield World(runs=runs, files=files, **tokens)
    settings.FORESTGIS_FILES = before


def make_token(user) -> tuple[str, str]:
    """Return user name and token, for HTTP Basic."""
    from forestgis.accounts.principals import principal_of
    from forestgis.accounts.services import create_token
    from forestgis.tenancy.principal import acting_as

    with acting_as(principal_of(user)):
        return user.username, create_token(user, "test", scopes=["read"], days=1).secret


def polygon(column: int, row: int):
    from django.contrib.gis.geos import Polygon

    shape = Polygon.from_bbox(corners(column, row))
    shape.srid = 6668
    return shape


def multi(column: int, row: int):
    from django.contrib.gis.geos import MultiPolygon

    return MultiPolygon(polygon(column, row), srid=6668)


def make_municipalities() -> None:
    """HERE is the western half, THERE the eastern."""
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry.models import Municipality

    for code, name, west in ((HERE, "滝上町", 142.9), (THERE, "湧別町", 143.05)):
        area = MultiPolygon(Polygon.from_bbox((west, 44.1, west + 0.15, 44.3)), srid=6668)
        Municipality.objects.create(
            code=code,
            code6=f"{code}0",
            name=name,
            name_en=name,
            bureau="オホーツク",
            zone=12,
            geom=area,
        )


def make_register() -> None:
    """小班 12-34 of HERE in two editions, the newer one current, and 1-1 of THERE, each with a stand."""
    from forestgis.registry.models import CodeTable, Compartment, Stand, Subcompartment
    from forestgis.registry.services.editions import make_current

    CodeTable.objects.create(edition=2024, table="species", code="64", name="ミズナラ")
    CodeTable.objects.create(edition=2024, table="forest_type", code="2", name="天然林")
    for code, edition, number, column, stock in (
        (HERE, 2020, 12, 0, 10),
        (HERE, 2024, 12, 0, 150),
        (THERE, 2024, 1, 10, 80),
    ):
        Compartment.objects.create(
            municipality_id=code, edition=edition, number=number, geom=multi(column, 0)
        )
        sub = Subcompartment.objects.create(
            municipality_id=code,
            edition=edition,
            keycode=keycode(code),
            compartment_number=number,
            number=34,
            geom=multi(column, 0),
            area_ha=Decimal("22.1234"),
        )
        Stand.objects.create(
            subcompartment=sub,
            municipality_id=code,
            forest_type_code="2",
            species1_code="64",
            age=80,
            stock_broadleaf_m3ha=stock,
            stock_conifer_m3ha=Decimal("20.5"),
            lot="字滝上1番地",
        )
    make_current(HERE, 2024)


def keycode(code: str) -> str:
    """KEYCODE of the 小班 of a municipality; begins with a zero as real ones do."""
    return f"{code}001234000"[:14].ljust(14, "0")


def make_parcels() -> None:
    """A lot of HERE whose ledger is its own, and one of THERE whose ledger is published."""
    from forestgis.parcels.models import Ledger, Parcel

    for code, column, sharing in ((HERE, 1, "own"), (THERE, 11, "public")):
        Ledger.objects.create(municipality_id=code, sharing=sharing)
        Parcel.objects.create(
            municipality_id=code,
            oaza="字滝上",
            lot="12-3",
            lot_key=f"{code} 12-3",
            in_ledger=True,
            land_category="山林",
            geom=multi(column, 0),
        )


def make_notices() -> None:
    """A felling notice and a treatment of HERE, and a treatment of THERE."""
    from forestgis.notices.models import FellingNotice, Treatment

    FellingNotice.objects.create(
        municipality_id=HERE,
        number="R8-1",
        received_on=dt.date(2026, 6, 1),
        place="字滝上",
        area_ha=Decimal("2.00"),
        method="clear",
        species="カラマツ",
        age="50",
        starts_on=dt.date(2026, 9, 1),
        ends_on=dt.date(2026, 12, 1),
        geom=multi(0, 1),
    )
    for code, column in ((HERE, 0), (THERE, 10)):
        Treatment.objects.create(
            municipality_id=code,
            kind="thinning",
            fiscal_year=2025,
            area_ha=Decimal("2.00"),
            geom=multi(column, 1),
        )


def make_roads() -> None:
    from django.contrib.gis.geos import LineString, MultiLineString

    from forestgis.roads.models import Segment

    for code, name, road_class, row, sharing in (
        (HERE, "滝西林道", "forest_road", 5, "own"),
        (THERE, "公道1号", "public_road", 6, "public"),
        (THERE, "作業道", "strip_road", 7, "own"),
    ):
        y = BOTTOM + (row + 0.5) * STEP
        line = MultiLineString(LineString((LEFT, y), (LEFT + 12 * STEP, y)), srid=6668)
        Segment.objects.create(
            municipality_id=code,
            name=name,
            road_class=road_class,
            geom=line,
            sharing=sharing,
            width_m=Decimal("4.0"),
        )


def make_runs(files: Path) -> dict[str, str]:
    from forestgis.surveys.models import Batch, MeshCell, Publication, Run, ZoneVolume

    runs = {}
    for name, code, column, volume, sharing in (
        ("own", HERE, 0, "123.4", "own"),
        ("unpublished", HERE, 2, "222.2", None),
        ("shared", THERE, 10, "45.6", "municipalities"),
        ("theirs", THERE, 8, "210.9", "own"),
    ):
        batch = Batch.objects.create(municipality_id=code, name=name, epsg=6680, simulated=True)
        run = Run.objects.create(
            municipality_id=code,
            batch=batch,
            state="succeeded",
            calibrated=name == "own",
            summary={"simulated": True, "batch_name": name},
        )
        runs[name] = str(run.pk)
        ZoneVolume.objects.create(
            run=run,
            municipality_id=code,
            key=keycode(code) if name in ("own", "shared") else f"grid-{name}",
            label="12-34",
            geom=multi(column, 0),
            area_ha=Decimal("22.1234"),
            scanned_ha=Decimal("22.1000"),
            hardwood_m3=Decimal("2730.1"),
            hardwood_se_m3=Decimal("200.0"),
            hardwood_m3ha=Decimal(volume),
            hardwood_se_m3ha=Decimal("9.1"),
            conifer_m3=Decimal("442.5"),
            conifer_m3ha=Decimal("20.0"),
            mean_height_m=Decimal("17.3"),
            scanned_on=dt.date(2026, 6, 1),
            calibrated=name == "own",
        )
        MeshCell.objects.create(
            run=run,
            municipality_id=code,
            jf20mid=f"12{column:010d}",
            geom=polygon(column, 2),
            hardwood_m3ha=Decimal(volume),
            conifer_m3ha=Decimal("0.0"),
            stratum=1,
        )
        if name in ("own", "theirs"):
            make_products(files, run, column, float(volume))
        if sharing:
            Publication.objects.create(run=run, municipality_id=code, sharing=sharing)
    return runs


def make_products(files: Path, run, column: int, volume: float) -> None:
    """Write a 1 km square of one value per kind around a square's middle, in the plane rectangular zone."""
    from django.contrib.gis.geos import Polygon

    from forestgis.surveys.models import Product

    lon, lat = middle(column, 0)
    x, y = Transformer.from_crs(6668, 6680, always_xy=True).transform(lon, lat)
    box = Polygon.from_bbox((x - 150, y - 150, x + 150, y + 150))
    box.srid = 6680
    box.transform(3857)
    for kind, value, dtype, nodata in (
        ("hardwood_m3ha", volume, "float32", -9999),
        ("chm", 17.0, "float32", -9999),
        ("hillshade", 180, "uint8", 0),
    ):
        path = files / str(run.pk) / f"{kind}.tif"
        path.parent.mkdir(exist_ok=True)
        with rasterio.open(
            path, "w", driver="COG", height=60, width=60, count=1, dtype=dtype, nodata=nodata,
            crs="EPSG:6680", transform=from_origin(x - 150, y + 150, 5, 5),
        ) as data:  # fmt: skip
            data.write(np.full((60, 60), value, dtype=dtype), 1)
        Product.objects.create(
            run=run,
            municipality_id=run.municipality_id,
            kind=kind,
            path=str(path.relative_to(files)),
            sha256="0" * 64,
            epsg=6680,
            footprint_3857=box,
        )


@pytest.fixture(scope="module")
def mapserver(world, tmp_path_factory) -> Iterator[None]:
    """Run a map server with the files that `write_mapfile` writes."""
    from django.conf import settings

    from forestgis.maps import mapserver
    from tiles.ogc import fcgi

    # A socket's path has at most 107 bytes; pytest's own folders are longer.
    with tempfile.TemporaryDirectory(prefix="fg") as short:
        files = mapserver.MapServerFiles(Path(short))
        mapserver.write_files(files)
        environment = {"MAPSERVER_CONFIG_FILE": str(files.config), "PATH": os.defpath}
        with fcgi.pool(mapserver.PROGRAM, Path(short) / "s", environment) as socket:
            settings.MAPSERV_SOCKET = str(socket)
            yield
            del settings.MAPSERV_SOCKET


@pytest.fixture(scope="module")
def address(live_address, world, mapserver) -> str:
    """Address of the whole product, map server included; real clients connect here."""
    return live_address


@pytest.fixture
def get(address, world) -> Callable[..., requests.Response]:
    """Return `get(path, reader="here", **params)`; reader None is nobody."""

    def send(path: str, reader: str | None = "here", **params: str) -> requests.Response:
        auth = getattr(world, reader) if reader else None
        headers = params.pop("headers", None)
        return requests.get(
            address + path,
            params=params,
            auth=auth,
            headers=headers,
            timeout=60,
            allow_redirects=False,
        )

    return send
