"""The demonstration: two real municipalities' places, a simulated forest, people to log in as."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import pyogrio
import shapely
import shapely.affinity
from django.db import transaction

from forestgis.accounts.models import Organisation, User
from forestgis.registry import services as registry
from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG, reprojected
from forestgis.registry.domain.faults import Fault, RefusedError, refusing
from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.imports.n03 import Area
from forestgis.registry.imports.polygons import multipolygon
from forestgis.registry.models import Municipality
from forestgis.roads import services as roads

EDITION = 2024
_ROOM_M = 3000.0
_BUREAU = "オホーツク総合振興局"
_ZONE = 12


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demonstration; `code` is the municipality's, None for the prefecture."""

    username: str
    title: str
    role: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Login:
    """What to type on the login page."""

    person: Person
    password: str

    def __str__(self) -> str:
        return f"{self.person.title:　<10} {self.person.username} / {self.password}"


PLACES = {"01560": "滝上町", "01562": "西興部村"}
OWNER = "01560"
PEOPLE = (
    Person("takinoue", "滝上町の担当者", User.Role.MUNICIPAL_OFFICER, "01560"),
    Person("nishiokoppe", "西興部村の担当者", User.Role.MUNICIPAL_OFFICER, "01562"),
    Person("hokkaido", "北海道の管理者", User.Role.PREFECTURE_ADMIN, None),
)


def load(scene: Path, boundaries: Path | None) -> list[Login]:
    """Load organisations, people, municipalities, register and roads, all or nothing.

    Parameters
    ----------
    scene : Path
        Folder of `lidar.simulate.make_scene`.
    boundaries : Path or None
        N03 GeoJSON; without it the two municipalities get rectangles around the scene.

    Returns
    -------
    list of Login
        With new passwords: whoever holds old ones is logged out.

    Raises
    ------
    RefusedError
        If the scene's register or roads have faults.
    """
    with transaction.atomic():
        if boundaries is not None:
            registry.load_municipalities(boundaries)
        else:
            _rectangles(scene)
        registry.load_codes(EDITION)
        _register(scene)
        return [_login(person) for person in PEOPLE]


def is_loaded() -> bool:
    """Whether all people of the demonstration are there."""
    names = [person.username for person in PEOPLE]
    with transaction.atomic():
        return User.objects.filter(username__in=names).count() == len(names)


def _rectangles(scene: Path) -> None:
    """Stand-ins for the areas: one around the scene, the neighbour's north of it."""
    info = pyogrio.read_info(scene / "compartments.gpkg")
    left, bottom, right, top = info["total_bounds"]
    around = shapely.box(left - _ROOM_M, bottom - _ROOM_M, right + _ROOM_M, top + _ROOM_M)
    beside = shapely.affinity.translate(around, yoff=top - bottom + 2 * _ROOM_M)
    epsg = int(str(info["crs"]).rpartition(":")[2])
    for (code, name), shape in zip(PLACES.items(), (around, beside), strict=True):
        geom = multipolygon(reprojected(shape, epsg, GEOGRAPHIC_EPSG))
        registry.municipality(Area(code, name, _BUREAU, _ZONE, geom)).save()


def _register(scene: Path) -> None:
    """Import the scene's register and roads for the owner."""
    municipality = Municipality.objects.get(pk=OWNER)
    report = registry.import_register(
        municipality=municipality,
        edition=EDITION,
        polygons=scene / "compartments.gpkg",
        rows=scene / "register.csv",
        dry_run=False,
    )
    _raise_for(report.faults)
    ledger = roads.import_segments(
        municipality=municipality,
        path=scene / "roads.gpkg",
        sharing=Sharing.MUNICIPALITIES,
        dry_run=False,
    )
    _raise_for(ledger.faults)


def _raise_for(faults: list[Fault]) -> None:
    if refusing(faults):
        raise RefusedError(refusing(faults))


def _login(person: Person) -> Login:
    """Make or renew a person with a new password."""
    password = secrets.token_urlsafe(9)
    organisation = _organisation(person.code)
    user = User.objects.filter(username=person.username).first()
    if user is None:
        User.objects.create_user(
            person.username,
            password,
            organisation=organisation,
            role=person.role,
            name=person.title,
        )
    else:
        user.organisation, user.role, user.name = organisation, person.role, person.title
        user.set_password(password)
        user.save()
    return Login(person, password)


def _organisation(code: str | None) -> Organisation:
    """Organisation of a municipality, or of the prefecture."""
    if code is None:
        return Organisation.objects.get_or_create(
            kind=Organisation.Kind.PREFECTURE,
            defaults={"name": "北海道", "name_en": "Hokkaido", "code6": "010006"},
        )[0]
    place = Municipality.objects.get(pk=code)
    return Organisation.objects.get_or_create(
        code5=code,
        defaults={
            "kind": Organisation.Kind.MUNICIPALITY,
            "code6": place.code6,
            "name": place.name,
            "name_en": place.name_en,
        },
    )[0]
