"""Three municipalities, their officers, and a real Chromium.

HERE has published a survey for itself alone, THERE one for all municipalities, NOWHERE nothing. A survey is a row of
squares of 0.005 degree with round figures; `square(column)` is one of them.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning

HERE, THERE, NOWHERE = "01560", "01559", "01555"
PASSWORD = "tadashii-uma-no-denchi"
LEFT, BOTTOM, STEP = 143.0, 44.2, 0.005
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


@dataclass(frozen=True, slots=True)
class Zone:
    """A 小班 of the world, and where its middle is."""

    key: str
    label: str
    longitude: float
    latitude: float
    hardwood_m3ha: Decimal
    hardwood_se_m3ha: Decimal | None

    def view(self, zoom: int = 15) -> str:
        """Return the fragment that puts the middle of the map on it."""
        return f"#map={zoom}/{self.latitude}/{self.longitude}"


@dataclass(frozen=True, slots=True)
class World:
    """Zones by the name that tests give them."""

    rich: Zone
    poor: Zone
    shared: Zone
    run_of_here: str
    running: str


@pytest.fixture(scope="module")
def world(database) -> World:
    """Store the world, as the prefecture would."""
    from forestgis.tenancy.principal import Principal, transaction_as

    with transaction_as(Principal("prefecture", can_write=True)):
        make_municipalities_and_officers()
        run_of_here = make_run(HERE, "滝上町 2026年計測", sharing="own", calibrated=True)
        rich = make_zone(run_of_here, 0, "245.6", "20.3")
        poor = make_zone(run_of_here, 1, "12.3", "4.0")
        make_register_entry(rich)
        run_of_there = make_run(
            THERE, "遠軽 2025年計測", sharing="municipalities", calibrated=False
        )
        shared = make_zone(run_of_there, 20, "88.8", None)
        running = make_running_run(run_of_here.batch)
    return World(rich, poor, shared, str(run_of_here.pk), str(running.pk))


def square(column: int):
    """Return a square of the row as a multipolygon."""
    from django.contrib.gis.geos import MultiPolygon, Polygon

    west = LEFT + column * STEP
    return MultiPolygon(Polygon.from_bbox((west, BOTTOM, west + STEP, BOTTOM + STEP)), srid=6668)


def make_municipalities_and_officers() -> None:
    """Three municipalities side by side, with an officer `officer-<code>` each."""
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.accounts.models import Organisation, User
    from forestgis.registry.models import Municipality

    names = {
        HERE: ("滝上町", "Takinoue"),
        THERE: ("湧別町", "Yubetsu"),
        NOWHERE: ("遠軽町", "Engaru"),
    }
    for place, (code, (name, name_en)) in enumerate(names.items()):
        west = 142.95 + 0.1 * place
        area = MultiPolygon(Polygon.from_bbox((west, 44.1, west + 0.1, 44.3)), srid=6668)
        Municipality.objects.create(
            code=code,
            code6=f"{code}0",
            name=name,
            name_en=name_en,
            bureau="オホーツク",
            zone=12,
            geom=area,
        )
        organisation = Organisation.objects.create(
            kind="municipality", code5=code, code6=f"{code}0", name=name, name_en=name_en
        )
        User.objects.create_user(
            f"officer-{code}",
            PASSWORD,
            organisation=organisation,
            role="municipal_officer",
            name="山田 太郎",
        )


def make_run(code: str, name: str, *, sharing: str, calibrated: bool):
    """Store a finished, published run with a raster's footprint over its zones."""
    from django.contrib.gis.geos import Polygon

    from forestgis.surveys.models import Batch, Product, Publication, Run

    batch = Batch.objects.create(municipality_id=code, name=name, epsg=6680, simulated=True)
    summary = {"simulated": True, "batch_name": name}
    if calibrated:
        summary["model"] = {"n_plots": 60, "rmse_pct": 18.24}
    run = Run.objects.create(
        municipality_id=code, batch=batch, state="succeeded", calibrated=calibrated, summary=summary
    )
    column = 0 if code == HERE else 20
    footprint = Polygon.from_bbox((*square(column).extent[:2], *square(column + 1).extent[2:]))
    footprint.srid = 6668
    footprint.transform(3857)
    Product.objects.create(
        run=run, municipality_id=code, kind="dtm", path=f"{run.pk}/dtm.tif", sha256="0" * 64,
        epsg=6680, unit="m", footprint_3857=footprint,
    )  # fmt: skip
    Publication.objects.create(run=run, municipality_id=code, sharing=sharing)
    return run


def make_running_run(batch):
    """Store a run that a worker is busy with."""
    from forestgis.jobs.models import Job
    from forestgis.surveys.models import Run

    job = Job.objects.create(
        kind="run", municipality_code=HERE, state="running", progress_done=14, progress_total=40
    )
    return Run.objects.create(municipality_id=HERE, batch=batch, state="running", job=job)


def make_zone(run, column: int, hardwood_m3ha: str, se_m3ha: str | None) -> Zone:
    """Store a zone of 20 ha."""
    from forestgis.surveys.models import ZoneVolume

    key, label = f"{run.municipality_id}0012{column:04d}0", f"12-{column}"
    per_ha, error = Decimal(hardwood_m3ha), Decimal(se_m3ha) if se_m3ha else None
    shape = square(column)
    ZoneVolume.objects.create(
        run=run, municipality_id=run.municipality_id, key=key, label=label, geom=shape,
        area_ha=Decimal("20.0000"), scanned_ha=Decimal("20.0000"),
        hardwood_m3=per_ha * 20, hardwood_se_m3=error * 20 if error else None,
        hardwood_m3ha=per_ha, hardwood_se_m3ha=error,
        conifer_m3=Decimal("1061.0"), conifer_se_m3=Decimal("90.0") if error else None,
        conifer_m3ha=Decimal("53.1"), conifer_se_m3ha=Decimal("4.5") if error else None,
        mean_height_m=Decimal("17.3"), cover_pct=Decimal("88.2"), extrapolated_pct=Decimal("0.0"),
        calibrated=run.calibrated, scanned_on=dt.date(2026, 6, 1),
    )  # fmt: skip
    middle = shape.centroid
    return Zone(key, label, middle.x, middle.y, per_ha, error)


def make_register_entry(zone: Zone) -> None:
    """Store what the register says of a zone of HERE."""
    from forestgis.registry.models import CodeTable, Compartment, Stand, Subcompartment

    CodeTable.objects.create(
        edition=2024, table="species", code="64", name="ミズナラ", name_en="Oak"
    )
    Compartment.objects.create(municipality_id=HERE, edition=2024, number=12, geom=square(0))
    entry = Subcompartment.objects.create(
        municipality_id=HERE, edition=2024, keycode=zone.key, compartment_number=12, number=0,
        geom=square(0), area_ha=Decimal("20.0000"),
    )  # fmt: skip
    Stand.objects.create(
        subcompartment=entry, municipality_id=HERE, species1_code="64", age=85,
        stock_broadleaf_m3ha=Decimal("199.9"), stock_conifer_m3ha=Decimal("33.3"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def chromium(world):
    """Run a browser for a module.

    Not longer: Playwright keeps an event loop running in this thread, in which Django's ORM refuses to work. Whatever
    needs the ORM is made before, by `world`.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def profile(chromium, live_address) -> Callable:
    """Return `profile(officer, language)`: a browser profile, logged in by the form, one for all tests of a module."""
    kept = {}

    def make(officer: str | None, language: str):
        context = chromium.new_context(base_url=live_address, locale=language)
        if officer is not None:
            log_in(context.new_page(), officer)
        return context

    def get(officer: str | None, language: str, *, fresh: bool):
        if fresh:
            return make(officer, language)
        if (officer, language) not in kept:
            kept[officer, language] = make(officer, language)
        return kept[officer, language]

    return get


@pytest.fixture
def visit(profile) -> Iterator[Callable]:
    """Return `visit(path, officer=code, language="ja")`: a page of somebody logged in.

    With `fresh=True` in a profile of its own, for tests that change it (language, logging out). At the end no page
    may have complained: no error on the console, none thrown, nothing refused by the policy.
    """
    pages, complaints = [], []

    def go(
        path: str,
        officer: str | None = HERE,
        language: str = "ja",
        width: int = 1280,
        *,
        fresh: bool = False,
    ):
        page = profile(officer, language, fresh=fresh or officer is None).new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 720})
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield go
    for page in pages:
        page.close()
    assert complaints == []


@pytest.fixture
def meanwhile() -> Callable:
    """Return `meanwhile(act)`: do something with the ORM as the prefecture while a browser is open."""
    from django.db import connections

    from forestgis.tenancy.principal import Principal, transaction_as

    def as_prefecture(act: Callable[[], object]) -> None:
        with transaction_as(Principal("prefecture", can_write=True)):
            act()
        connections.close_all()

    def run(act: Callable[[], object]) -> None:
        # In a thread of its own, where no event loop is running.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(as_prefecture, act).result()

    return run


def log_in(page, officer: str) -> None:
    """Log in as a person does."""
    page.goto("/login/?next=/surveys/runs/")
    page.fill("input[name=username]", f"officer-{officer}")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/surveys/runs/")
    page.close()


@pytest.fixture
def colour_at_middle() -> Callable:
    """Return a function that gives the colour in the middle of the map, red, green, blue."""

    def look(page) -> tuple[int, int, int]:
        page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)
        picture = page.locator("#map").screenshot()
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.MemoryFile(picture) as file, file.open() as image:
            row, column = image.height // 2, image.width // 2
            # Beside the very middle, where a label may stand.
            window = ((row + 30, row + 40), (column - 5, column + 5))
            pixels = image.read((1, 2, 3), window=window).reshape(3, -1)
        return tuple(int(value) for value in np.median(pixels, axis=1))

    return look
