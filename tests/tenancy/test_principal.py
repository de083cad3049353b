"""The principal in the database: who may see what, and what happens to forged, stale and missing ones."""

from __future__ import annotations

import pytest
from django.db import connection, connections, transaction

from forestgis.tenancy import token
from forestgis.tenancy.principal import (
    LOGIN,
    PUBLIC,
    NoPrincipalError,
    Principal,
    acting_as,
    current,
    transaction_as,
)
from forestgis.tenancy.stream import stream_rows

HERE, THERE = "01560", "01559"
OFFICER = Principal("municipal", (HERE,), user_id=7, organisation_id=3, can_write=True)
NEIGHBOUR = Principal("municipal", (THERE,), can_write=True)
PREFECTURE = Principal("prefecture", can_write=True)

pytestmark = pytest.mark.usefixtures("ledger")


@pytest.fixture(scope="module")
def ledger(database):
    """Two tables of the test's own, made by the owner with the operations that migrations use."""
    from forestgis.tenancy.policies import SharedTable, TenantTable

    with connections["migrator"].cursor() as cursor:
        cursor.execute("CREATE TABLE ledger (municipality_code varchar(5), note text)")
        cursor.execute(
            "CREATE TABLE sign (municipality_code varchar(5), sharing varchar(20), shared_with varchar(5)[])"
        )
        for operation in (TenantTable("ledger"), SharedTable("sign")):
            for statement in operation.statements():
                cursor.execute(statement)
    with transaction_as(PREFECTURE), connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger VALUES (%s, 'ours'), (%s, 'theirs')", [HERE, THERE])
        for sharing in ("public", "municipalities", "own", "prefecture"):
            cursor.execute("INSERT INTO sign VALUES (%s, %s, '{}')", [THERE, sharing])
        cursor.execute("INSERT INTO sign VALUES (%s, 'named', %s)", [THERE, [HERE]])


def notes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM ledger")
        return {note for (note,) in cursor.fetchall()}


def claim(sql: str = "tenancy.kind()"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}")
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("principal", "seen"),
    [
        (OFFICER, {"ours"}),
        (NEIGHBOUR, {"theirs"}),
        (Principal("municipal", (HERE, THERE)), {"ours", "theirs"}),
        (PREFECTURE, {"ours", "theirs"}),
        (PUBLIC, set()),
        (LOGIN, set()),
    ],
)
def test_a_principal_sees_its_own_rows(principal, seen):
    with transaction_as(principal):
        assert notes() == seen


@pytest.mark.parametrize(
    ("principal", "seen"),
    [
        (OFFICER, {"public", "municipalities", "named"}),
        (Principal("municipal", ("01101",)), {"public", "municipalities"}),
        (NEIGHBOUR, {"public", "municipalities", "named", "own"}),
        (PREFECTURE, {"public", "municipalities", "named", "own", "prefecture"}),
        (PUBLIC, {"public"}),
        (LOGIN, set()),
    ],
)
def test_sharing_levels(principal, seen):
    with transaction_as(principal), connection.cursor() as cursor:
        cursor.execute("SELECT sharing FROM sign")
        assert {level for (level,) in cursor.fetchall()} == seen
        cursor.execute(
            "SELECT sharing FROM sign WHERE tenancy.may_read(municipality_code, sharing, shared_with::text[])"
        )
        assert {level for (level,) in cursor.fetchall()} == seen


def test_nothing_is_seen_without_a_principal():
    with transaction.atomic():
        assert notes() == set()


def test_nothing_is_seen_outside_a_transaction():
    with acting_as(PREFECTURE):
        assert notes() == set()


def test_the_principal_is_gone_after_the_transaction():
    with transaction_as(PREFECTURE):
        assert notes()
    assert notes() == set()
    with transaction.atomic():
        assert notes() == set()
        assert claim("current_setting('forestgis.principal', true)") in ("", None)


def test_the_principal_is_gone_after_a_rollback():
    with transaction_as(PREFECTURE):
        assert notes()
        transaction.set_rollback(True)
    with transaction.atomic():
        assert notes() == set()


def test_another_principal_inside_an_open_transaction():
    with transaction_as(OFFICER):
        assert notes() == {"ours"}
        with acting_as(NEIGHBOUR):
            assert notes() == {"theirs"}
        assert notes() == {"ours"}
        with acting_as(None):
            assert notes() == set()


def test_a_savepoint_that_is_rolled_back_does_not_bring_an_old_principal_back():
    with acting_as(OFFICER), transaction.atomic():
        assert notes() == {"ours"}
        with acting_as(NEIGHBOUR):
            with transaction.atomic():
                with acting_as(PREFECTURE):
                    assert notes() == {"ours", "theirs"}
                transaction.set_rollback(True)
            assert notes() == {"theirs"}
        assert notes() == {"ours"}


def test_an_error_inside_a_savepoint_leaves_the_transaction_usable():
    from django.db import ProgrammingError

    with transaction_as(OFFICER):
        with pytest.raises(ProgrammingError), transaction.atomic(), acting_as(NEIGHBOUR):
            connection.cursor().execute("SELECT no_such_column FROM ledger")
        assert notes() == {"ours"}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger VALUES ('01559', 'smuggled')",
        "UPDATE ledger SET municipality_code = '01559'",
    ],
)
def test_rows_cannot_be_written_for_another_municipality(statement):
    from django.db import ProgrammingError

    with pytest.raises(ProgrammingError, match="row-level security"), transaction_as(OFFICER):
        connection.cursor().execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE ledger SET note = 'x'", "DELETE FROM ledger"])
def test_rows_of_another_municipality_are_not_there_to_be_changed(statement):
    elsewhere = Principal("municipal", ("01101",), can_write=True)
    with transaction_as(elsewhere), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount == 0


def test_a_reader_writes_nothing():
    with transaction_as(Principal("municipal", (HERE,))), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger SET note = 'x'")
        assert cursor.rowcount == 0


def test_injected_set_config_does_not_switch_the_municipality():
    """What a hole in a filter lets through: an expression in a WHERE."""
    for setting in (
        THERE,
        f"municipal|{THERE}||||9999999999|" + "0" * 64,
        token.sign(OFFICER) + "0",
    ):
        with transaction_as(OFFICER), connection.cursor() as cursor:
            cursor.execute(
                "SELECT note FROM ledger WHERE (SELECT set_config('forestgis.principal', %s, true)) IS NOT NULL",
                [setting],
            )
            assert "theirs" not in {note for (note,) in cursor.fetchall()}
            cursor.execute("SELECT note FROM ledger")
            assert cursor.fetchall() == []


def carried(text: str) -> str | None:
    """Kind that the database reads from a token put there by hand."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('forestgis.principal', %s, true)", [text])
        cursor.execute("SELECT tenancy.kind()")
        return cursor.fetchone()[0]


def test_a_good_token_is_read():
    assert carried(token.sign(OFFICER)) == "municipal"


def test_forged_tokens_are_refused(settings):
    good = token.sign(OFFICER)
    parts = good.split("|")
    assert carried("|".join(["prefecture", *parts[1:]])) is None
    assert carried("|".join([*parts[:5], str(int(parts[5]) + 1), parts[6]])) is None
    assert carried("|".join([parts[0], f"{HERE},{THERE}", *parts[2:]])) is None
    assert carried(good[:-1] + ("0" if good[-1] != "0" else "1")) is None
    assert carried("|".join(parts[:6])) is None
    assert carried(good + "|x") is None
    assert carried("nonsense") is None
    settings.PRINCIPAL_KEY = "00" * 24
    assert carried(token.sign(OFFICER)) is None


def test_an_expired_token_is_refused():
    assert carried(token.sign(OFFICER, lifetime_s=-1)) is None


def test_the_signing_key_cannot_be_read():
    from django.db import ProgrammingError

    for statement in ("SELECT key FROM tenancy.signing_key", "SELECT tenancy.claims()"):
        for alias in ("default", "worker", "map"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                connections[alias].cursor().execute(statement)


def test_claims_arrive_whole():
    with transaction_as(OFFICER):
        assert claim("tenancy.codes()") == [HERE]
        assert claim("tenancy.user_id()") == 7
        assert claim("tenancy.organisation_id()") == 3
        assert claim("tenancy.can_write()") is True
    with transaction_as(PUBLIC):
        assert claim("tenancy.codes()") == []
        assert claim("tenancy.user_id()") is None
        assert claim("tenancy.can_write()") is False


def test_a_token_is_renewed_before_it_ends(monkeypatch):
    from forestgis.tenancy.postgis import base

    with transaction_as(OFFICER):
        first = claim("current_setting('forestgis.principal')")
        clock = base.time.monotonic() + token.LIFETIME_S
        monkeypatch.setattr(base.time, "monotonic", lambda: clock)
        monkeypatch.setattr(token.time, "time", lambda: int(first.split("|")[5]) + 1)
        assert claim("current_setting('forestgis.principal')") != first


def test_codes_are_checked_when_a_principal_is_made():
    for code in ("1560", "01560|", "０１５６０", ""):
        with pytest.raises(ValueError, match="municipality code"):
            Principal("municipal", (code,))
    with pytest.raises(ValueError, match="kind"):
        Principal("superuser")


def test_code_that_needs_a_principal_says_so():
    with pytest.raises(NoPrincipalError, match="acting_as"):
        current()
    with pytest.raises(NoPrincipalError):
        stream_rows("SELECT 1")


def test_streamed_rows_carry_the_principal_of_the_call():
    with transaction_as(OFFICER):
        rows = stream_rows("SELECT note FROM ledger")
    with acting_as(NEIGHBOUR):
        assert list(rows) == [("ours",)]
        assert current() == NEIGHBOUR


def test_a_stream_that_is_cut_short_ends_its_transaction():
    with acting_as(PREFECTURE):
        rows = stream_rows("SELECT generate_series(1, 100000)", chunk=10)
        assert next(rows) == (1,)
        assert connection.in_atomic_block
        rows.close()
    assert not connection.in_atomic_block


def test_the_alias_of_the_prefecture_is_for_the_prefecture():
    from django.core.exceptions import PermissionDenied

    for principal in (OFFICER, PUBLIC, None):
        with acting_as(principal), pytest.raises(PermissionDenied, match="map_prefecture"):
            connections["map_prefecture"].cursor()
    with transaction_as(PREFECTURE, "map_prefecture"):
        connections["map_prefecture"].cursor().execute("SELECT 1")


@pytest.mark.parametrize("alias", ["migrator", "admin"])
def test_powerful_logins_are_refused(alias, admin_url, database, monkeypatch):
    """The application does not start its work as a role that row-level security does not hold."""
    from urllib.parse import urlsplit

    from django.core.exceptions import ImproperlyConfigured

    powerful = connections.settings["migrator"]
    user, password = powerful["USER"], powerful["PASSWORD"]
    if alias == "admin":
        parts = urlsplit(admin_url)
        user, password = parts.username, parts.password
    monkeypatch.setitem(connections.settings["default"], "USER", user)
    monkeypatch.setitem(connections.settings["default"], "PASSWORD", password)
    connection.close()
    with pytest.raises(ImproperlyConfigured, match="row-level security would not hold"):
        connection.ensure_connection()
    connection.close()
