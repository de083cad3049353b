"""Every address of the service, from the URL table: nobody gets in, and who may not write changes nothing.

An address that is not declared here fails the test: whoever adds one says who may open it.
"""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from forestgis.audit.models import Entry
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
