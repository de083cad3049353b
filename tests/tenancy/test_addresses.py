"""Every address of the service, from the URL table: nobody gets in, and who may not write changes nothing.

An address that is not declared here fails the test: whoever adds one says who may open it.
"""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from shapely.geometry import MultiPolygon, box

from forestgis.audit.models import Entry
from forestgis.maps.catalogue import LAYERS
from forestgis.registry.geometry import to_geos
from forestgis.registry.models import Compartment, Municipality, Stand, Subcompartment
from forestgis.tenancy.principal import Principal, transaction_as

#: Open to everybody, by the address's pattern: each has its reason.
OPEN = {
    "health/": "told to the load balancer",
    "login/": "where one proves who one is",
    "login/code/": "leads back to login without a right password",
    "language/": "the language of the pages",
}
AUDITOR = Principal("prefecture", is_administrator=True)
#: A value for each kind of parameter; a real municipality, so that its rows would be found if they were open.
VALUES = {
    "uuid": uuid.UUID(int=7),
    "int": 1,
    "str": "01560",
    "slug": "01560",
    "path": "01560",
    "raster": "png",
}
PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?\w+>")


def addresses():
    """Pattern and an address of it, of everything that the service answers."""

    def walk(patterns, before):
        for pattern in patterns:
            text = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, text)
            elif isinstance(pattern, URLPattern):
                yield text, "/" + PARAMETER.sub(value_of, text)

    return dict(walk(get_resolver().url_patterns, ""))


def value_of(parameter):
    return str(VALUES[parameter["kind"] or "str"])


ADDRESSES = addresses()


def test_the_table_was_read():
    assert len(ADDRESSES) > 50
    assert set(OPEN) <= set(ADDRESSES)
    assert [a for a in ADDRESSES.values() if "<" in a] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_gets_in_anywhere_else(database, method):
    client = Client()
    let_in = {}
    for pattern, address in ADDRESSES.items():
        if pattern in OPEN:
            continue
        answer = getattr(client, method)(address)
        to_login = answer.status_code == 302 and answer["Location"].startswith("/login/")
        if not to_login and answer.status_code != 401:
            let_in[pattern] = answer.status_code
    assert let_in == {}


@pytest.fixture(scope="module")
def people(officer, organisation, make_user):
    return {
        "reader": officer("01560", "reader"),
        "operator": make_user(organisation("operator"), "operator"),
        "operator of the municipality": officer("01560", "operator"),
    }


@pytest.mark.parametrize("who", ["reader", "operator", "operator of the municipality"])
def test_who_may_not_write_changes_nothing_at_any_address(client_for, people, who):
    """The audit trail, which no code can leave out, is the witness."""
    client = client_for(people[who])
    with transaction_as(AUDITOR):
        before = written_by(people[who])
    failed = {}
    for pattern, address in ADDRESSES.items():
        if pattern in OPEN or "logout" in pattern:
            continue
        status = client.post(address, {"municipality": "01560", "state": "current"}).status_code
        if status >= 500:
            failed[pattern] = status
    assert failed == {}
    with transaction_as(AUDITOR):
        assert written_by(people[who]) == before


def written_by(person):
    """Entries of the person's changes; own tokens and second factors are nobody else's."""
    own = ("accounts_apitoken",)
    changes = Entry.objects.filter(user_id=person.pk).exclude(action="read")
    return list(changes.exclude(table_name__in=own).values_list("table_name", "row_key"))


@pytest.mark.parametrize("pattern", [p for p in ADDRESSES if p.startswith(("audit/", "account/people/", "account/organisations/"))])  # fmt: skip
@pytest.mark.parametrize("who", ["reader", "operator"])
def test_administrators_pages_are_theirs_alone(client_for, people, who, pattern):
    status = client_for(people[who]).get(ADDRESSES[pattern]).status_code
    assert status in {403, 404, 405}


# --- what another municipality may not see -------------------------------------------

KEY = "11987654321234"
LOT = "漏れてはならない地番"
#: Beside the bare addresses: what each protocol and page asks for a row of the register.
QUERIES = (
    f"/register/?q={KEY}",
    "/register/?municipality=01560",
    f"/register/?lot={LOT}",
    f"/card/{KEY}/",
    f"/card/{KEY}/?format=json",
    "/register/editions/?municipality=01560",
    *(
        query.format(layer.name)
        for layer in LAYERS
        for query in (
            "/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames={}&outputformat=geojson",
            "/ogc/collections/{}/items?f=json",
            "/maps/tiles/{}/14/14701/5953.mvt",
        )
    ),
)


@pytest.fixture(scope="module")
def marked(database, municipality):
    """A 小班 of 滝上町 with a KEYCODE and a lot that nothing else has."""
    shape = MultiPolygon([box(143.0, 44.0, 143.1, 44.1)])
    with transaction_as(Principal("prefecture", can_write=True)):
        for code in ("01560", "01562"):
            municipality(code)
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=code, bureau="", zone=12, geom=to_geos(shape)
            )
        sub = Subcompartment.objects.create(
            municipality_id="01560",
            edition=2024,
            keycode=KEY,
            compartment_number=5432,
            number=1234,
            geom=to_geos(shape),
            area_ha=1,
        )
        Stand.objects.create(subcompartment=sub, municipality_id="01560", lot=LOT, age=40)
        Compartment.objects.create(
            municipality_id="01560", edition=2024, number=5432, geom=to_geos(shape)
        )


def shown(client):
    """Addresses whose answer holds the mark; they echo the words of their own query, which are taken out."""
    found = set()
    for address in (*(a for p, a in ADDRESSES.items() if "logout" not in p), *QUERIES):
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = body.decode("utf-8", "replace")
        mark = KEY if KEY not in address and LOT not in address else "5432-1234"
        if mark in text or (LOT in text and LOT not in address):
            found.add(address)
    return found


@pytest.mark.parametrize("who", ["neighbour", "neighbour's reader", "operator", "nobody"])
def test_no_address_shows_another_municipalitys_rows(marked, client_for, officer, people, who):
    person = {
        "neighbour": lambda: officer("01562"),
        "neighbour's reader": lambda: officer("01562", "reader"),
        "operator": lambda: people["operator"],
        "nobody": lambda: None,
    }[who]()
    assert shown(client_for(person)) == set()


def test_its_own_people_see_them_by_page_and_protocol(marked, client_for, officer):
    """Otherwise the test above would see nothing because there is nothing to see."""
    seen = shown(client_for(officer("01560", "reader")))
    assert f"/card/{KEY}/" in seen
    assert any(address.startswith("/register/") for address in seen)
    assert any(address.startswith("/wfs") for address in seen)
    assert any(address.startswith("/ogc/") for address in seen)
