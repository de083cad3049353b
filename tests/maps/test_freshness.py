"""Kept tiles: the same bytes while nothing has changed, another reader's never, and a taken permission works at once."""

from __future__ import annotations

import math

import pytest
from django.urls import reverse

from forestgis.maps.catalogue import LAYERS
from forestgis.maps.tile_store import TileStore

HERE, THERE = "01560", "01559"


def tile_over(lon: float, lat: float, z: int = 14) -> str:
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return f"{z}/{int((lon + 180) / 360 * n)}/{int(y * n)}"


REGISTER = f"/maps/tiles/subcompartment/{tile_over(143.0025, 44.2025)}.mvt"
VOLUME = f"/maps/tiles/hardwood/{tile_over(143.0525, 44.2025)}.mvt"  # of the run `shared`, published by THERE


@pytest.fixture
def change(host_principal):
    """Return a context in which the host changes something."""
    from forestgis.tenancy.principal import transaction_as

    return lambda: transaction_as(host_principal)


def etag(answer) -> str:
    assert answer.status_code == 200
    return answer.headers["ETag"]


def test_an_unchanged_tile_is_the_same_and_not_sent_twice(get):
    first, second = get(REGISTER), get(REGISTER)
    assert first.content == second.content != b""
    assert etag(first) == etag(second)
    unchanged = get(REGISTER, headers={"If-None-Match": etag(first)})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_what_one_reader_keeps_is_worth_nothing_to_another(get):
    own = get(REGISTER)
    other = get(REGISTER, "there", headers={"If-None-Match": etag(own)})
    assert other.status_code == 200
    assert own.content not in other.content
    for reader in ("there", "prefecture"):
        assert etag(get(REGISTER, reader)) != etag(own)


def test_addresses_name_the_state_and_may_be_kept_for_good(client_for, world):
    from forestgis.accounts.models import User
    from forestgis.tenancy.principal import LOGIN, transaction_as

    with transaction_as(LOGIN):
        person, neighbour = (
            User.objects.select_related("organisation").get(username=name)
            for name in (world.here[0], world.there[0])
        )
    client, other = client_for(person), client_for(neighbour)
    source = client.get("/maps/style.json").json()["sources"]["subcompartment"]
    path = "/" + source["tiles"][0].split("/", 3)[3]
    z, x, y = tile_over(143.0025, 44.2025).split("/")
    address = path.format(z=z, x=x, y=y)
    for _ in range(2):  # the ordinary way, and the short one
        named = client.get(address)
        assert "immutable" in named.headers["Cache-Control"]
        assert "private" in named.headers["Cache-Control"]
        assert "Cookie" in named.headers["Vary"]
        assert client.get(REGISTER).headers["Cache-Control"] == "private, no-cache"
        # Another reader at this address gets an own tile, and may not keep it for good.
        theirs = other.get(address)
        assert theirs.headers["Cache-Control"] == "private, no-cache"
        assert theirs.content != named.content


def test_an_edit_is_in_the_next_answer(get, change):
    from forestgis.registry.models import Stand

    before = get(REGISTER)
    assert get(REGISTER).content == before.content
    with change():
        Stand.objects.filter(municipality_id=HERE, subcompartment__edition=2024).update(age=81)
    after = get(REGISTER)
    assert etag(after) != etag(before)
    assert after.content != before.content
    assert get(REGISTER, headers={"If-None-Match": etag(before)}).status_code == 200


def test_a_withdrawn_run_is_gone_from_the_next_answer(get, change, world):
    from django.utils import timezone

    from forestgis.surveys.models import Publication

    before = get(VOLUME)
    assert before.content
    with change():
        shared = Publication.objects.filter(run=world.runs["shared"])
        shared.update(withdrawn_at=timezone.now())
    after = get(VOLUME)
    assert after.content != before.content
    with change():
        shared.update(withdrawn_at=None)
    assert get(VOLUME).content == before.content


def revisions() -> dict[str, int]:
    from forestgis.tenancy import revisions

    return revisions.read()


def test_a_transaction_counts_once_and_one_that_fails_not_at_all(change, world):
    from django.db import transaction

    from forestgis.roads.models import Segment

    before = revisions()
    with change():
        Segment.objects.filter(municipality_id=HERE).update(surface="砂利")
        Segment.objects.filter(municipality_id=HERE).update(surface="舗装")
    assert revisions() == before | {"roads": before["roads"] + 1}
    with change():
        Segment.objects.filter(municipality_id=HERE).update(surface="")
        transaction.set_rollback(True)
    with change():
        Segment.objects.filter(municipality_id=HERE).update(surface="")
    assert revisions() == before | {"roads": before["roads"] + 2}


def fresh_reader(address, municipality, make_user):
    """Make an officer whose token is known to the short way; return the person and how to ask again."""
    import requests

    from forestgis.accounts.principals import principal_of
    from forestgis.accounts.services import create_token
    from forestgis.tenancy.principal import acting_as

    person = make_user(municipality(HERE), "municipal_officer")
    with acting_as(principal_of(person)):
        made = create_token(person, "test", scopes=["read"], days=1)

    def ask() -> requests.Response:
        return requests.get(address + REGISTER, auth=(person.username, made.secret), timeout=60)

    assert [ask().status_code, ask().status_code] == [200, 200]
    return person, made.token, ask


def test_a_revoked_token_is_refused_by_the_next_request(address, municipality, make_user):
    from forestgis.accounts.principals import principal_of
    from forestgis.accounts.services import revoke_token
    from forestgis.tenancy.principal import acting_as

    person, token, ask = fresh_reader(address, municipality, make_user)
    with acting_as(principal_of(person)):
        revoke_token(token)
    assert ask().status_code == 401


def test_a_person_who_is_shut_out_is_refused_by_the_next_request(
    address, municipality, make_user, change
):
    from forestgis.accounts.models import User

    person, _, ask = fresh_reader(address, municipality, make_user)
    with change():
        User.objects.filter(pk=person.pk).update(is_active=False)
    assert ask().status_code == 401


def test_a_person_who_moves_sees_the_new_municipality_by_the_next_request(
    address, municipality, make_user, change
):
    from forestgis.accounts.models import User

    person, _, ask = fresh_reader(address, municipality, make_user)
    before = ask()
    with change():
        User.objects.filter(pk=person.pk).update(organisation=municipality(THERE))
    assert ask().content != before.content
    assert ask().headers["ETag"] != before.headers["ETag"]


def test_an_expired_token_is_refused(address, municipality, make_user, monkeypatch):
    import time

    from forestgis.accounts import proven

    _, token, ask = fresh_reader(address, municipality, make_user)
    # The ordinary way reads the clock itself; the short one must not be more patient.
    monkeypatch.setattr(
        proven.time, "time", lambda at=time.time: max(at(), token.expires_at.timestamp())
    )
    asked = []
    monkeypatch.setattr(
        "forestgis.accounts.middleware.use_token", lambda *args: asked.append(args) or None
    )
    assert ask().status_code == 401
    assert asked


def test_a_session_that_ended_is_refused_by_the_next_request(client_for, officer):
    client = client_for(officer(HERE))
    cookie = client.cookies["sessionid"].value
    assert [client.get(REGISTER).status_code for _ in range(2)] == [200, 200]
    assert client.post(reverse("accounts:logout")).status_code == 302
    client.cookies["sessionid"] = cookie
    assert client.get(REGISTER).status_code == 401


def test_a_changed_password_ends_the_session(client_for, officer, change):
    from forestgis.accounts.models import User

    person = officer(HERE)
    client = client_for(person)
    assert [client.get(REGISTER).status_code for _ in range(2)] == [200, 200]
    with change():
        changed = User.objects.get(pk=person.pk)
        changed.set_password("another long password")
        changed.save()
    assert client.get(REGISTER).status_code == 401


UNDER_VIEWS = """
    WITH RECURSIVE under(view, relation) AS (
        SELECT c.relname::text, c.oid FROM pg_class c WHERE c.relname = any(%s)
        UNION
        SELECT u.view, d.refobjid
        FROM under u
        JOIN pg_rewrite r ON r.ev_class = u.relation
        JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> u.relation
    )
    SELECT u.view, c.relname, array_agg(encode(t.tgargs, 'escape')) FILTER (WHERE t.tgname = 'count_change')
    FROM under u JOIN pg_class c ON c.oid = u.relation AND c.relkind = 'r'
    LEFT JOIN pg_trigger t ON t.tgrelid = c.oid
    WHERE c.relname !~ '^maps_'
    GROUP BY 1, 2
"""


def test_every_table_under_a_layer_raises_a_topic_of_it(world):
    from django.db import connections

    from forestgis.maps.revisions import TOPICS

    assert {layer.source.relation for layer in LAYERS} <= set(TOPICS)
    with connections["migrator"].cursor() as cursor:
        cursor.execute(UNDER_VIEWS, [list(TOPICS)])
        found = cursor.fetchall()
    assert len(found) >= 8
    for view, table, arguments in found:
        topics = {argument.removesuffix(r"\000") for argument in arguments or []}
        assert topics & set(TOPICS[view]), (view, table)


def test_the_store_keeps_what_was_used_last():
    store = TileStore(10_000)
    for number in range(20):
        store.put(number, bytes(700))
        assert store.get(0) is not None  # used all the time
    assert store.get(19) == bytes(700)
    assert store.get(1) is None
    store.put("large", bytes(20_000))
    assert store.get("large") is None
    store.put(19, b"new")
    assert store.get(19) == b"new"


def test_a_database_that_was_started_anew_costs_no_answer(get, admin_url, database):
    from forestgis.tenancy import bootstrap

    before = [get(REGISTER).content for _ in range(2)]
    with bootstrap.admin_connection(admin_url) as server, server.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename <> user",
            [database],
        )
    after = get(REGISTER)
    assert after.status_code == 200
    assert after.content == before[0] == before[1]


def test_statements_planned_once_serve_each_reader_their_own(world):
    from forestgis.maps.catalogue import BY_NAME
    from forestgis.maps.selectors import vector_tile
    from forestgis.tenancy.principal import Principal, acting_as

    address = [int(part) for part in tile_over(143.0025, 44.2025).split("/")]
    layer = BY_NAME["subcompartment"]
    seen = []
    for code in (HERE, THERE, HERE, THERE, HERE):
        with acting_as(Principal("municipal", (code,))):
            seen.append(vector_tile(layer, *address, using="map"))
    assert seen[0] == seen[2] == seen[4] != b""
    assert seen[1] == seen[3] == b""
