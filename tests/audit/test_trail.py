"""The trail is complete, tells the truth about who acted, and cannot be changed by anybody."""

import time
from decimal import Decimal

import psycopg2
import pytest
from django.db import DatabaseError, connections, transaction
from shapely.geometry import MultiPolygon, box

from forestgis.accounts.models import User
from forestgis.audit.models import Entry
from forestgis.audit.selectors import history_of
from forestgis.audit.services import record_read
from forestgis.registry.geometry import to_geos
from forestgis.registry.models import CodeTable, Compartment, Municipality, Stand, Subcompartment
from forestgis.roads.models import Segment
from forestgis.tenancy.principal import LOGIN, PUBLIC, Principal, acting_as, transaction_as

HOST = Principal("prefecture", can_write=True)
SQUARE = MultiPolygon([box(143.0, 44.2, 143.01, 44.21)])


def municipal(user, *, administers=False, code="01560"):
    return Principal(
        "municipal",
        (code,),
        user.pk,
        user.organisation_id,
        can_write=True,
        is_administrator=administers,
    )


@pytest.fixture(scope="module")
def places(database, municipality):
    with transaction_as(HOST):
        for code, name in (("01560", "滝上町"), ("01562", "西興部村")):
            municipality(code)
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=name, bureau="", zone=12, geom=to_geos(SQUARE)
            )


@pytest.fixture
def person(places, officer):
    return officer("01560")


@pytest.fixture
def stand(person):
    """A stand of 滝上町, registered by the person."""
    with transaction_as(municipal(person)):
        sub = Subcompartment.objects.create(
            municipality_id="01560",
            edition=2024,
            keycode=f"{time.monotonic_ns() % 10**14:014d}",
            compartment_number=1,
            number=1,
            geom=to_geos(SQUARE),
            area_ha=Decimal(1),
        )
        return Stand.objects.create(
            subcompartment=sub, municipality_id="01560", age=40, species1_code="23"
        )


def test_the_history_of_a_field_says_who_when_before_and_after(stand, person):
    with transaction_as(municipal(person)):
        Stand.objects.filter(pk=stand.pk).update(age=41, species1_code="17")
    with transaction_as(municipal(person)):
        Stand.objects.filter(pk=stand.pk).update(age=41)  # nothing new: no entry
        history = history_of("registry_stand", stand.pk)
    assert [change.action for change in history] == ["update", "insert"]
    assert history[0].before == {"age": 40, "species1_code": "23"}
    assert history[0].after == {"age": 41, "species1_code": "17"}
    assert history[0].user_id == person.pk
    assert history[0].actor == person.get_full_name()
    assert history[1].before is None
    assert history[1].after["age"] == 40


def test_a_deleted_row_can_be_read_from_the_trail(stand, person):
    with transaction_as(municipal(person)):
        Stand.objects.filter(pk=stand.pk).delete()
        last = history_of("registry_stand", stand.pk)[0]
    assert (last.action, last.after) == ("delete", None)
    assert last.before["species1_code"] == "23"


def test_geometry_is_kept_and_generated_columns_are_not(stand, person):
    with transaction_as(municipal(person)):
        first = history_of("registry_subcompartment", stand.subcompartment_id)[-1]
    assert first.after["geom"]["type"] == "MultiPolygon"
    assert "geom_3857" not in first.after


def test_what_is_rolled_back_leaves_no_entry(stand, person):
    with transaction_as(municipal(person)):
        Stand.objects.filter(pk=stand.pk).update(age=99)
        transaction.set_rollback(True)
    with transaction_as(municipal(person)):
        assert [change.action for change in history_of("registry_stand", stand.pk)] == ["insert"]


def test_changes_made_together_share_a_number(stand, person):
    with transaction_as(municipal(person)):
        Stand.objects.filter(pk=stand.pk).update(age=50)
        Subcompartment.objects.filter(pk=stand.subcompartment_id).update(area_ha=Decimal(2))
    with transaction_as(municipal(person)):
        one = history_of("registry_stand", stand.pk)[0]
        other = history_of("registry_subcompartment", stand.subcompartment_id)[0]
    assert one.transaction_id == other.transaction_id


def test_an_import_is_one_entry_and_a_mass_change_is_written_row_by_row(places, person):
    rows = [
        CodeTable(edition=1900, table="bulk", code=str(number), name="x") for number in range(1001)
    ]
    with transaction_as(HOST):
        CodeTable.objects.bulk_create(rows)
        CodeTable.objects.filter(edition=1900).update(name="y")
        CodeTable.objects.filter(edition=1900).delete()
    with transaction_as(HOST):
        entries = Entry.objects.filter(table_name="registry_codetable")
        counts = {
            action: [entry.row_count for entry in entries.filter(action=action)]
            for action in ("insert", "update", "delete")
        }
    assert counts == {"insert": [1001], "update": [1] * 1001, "delete": [1001]}


def test_accounts_are_administrators_matter_and_secrets_are_masked(places, person, officer):
    boss = officer("01560", "municipal_admin")
    with transaction_as(HOST):
        User.objects.filter(pk=person.pk).update(password="hash-of-something", name="新しい")
    with transaction_as(LOGIN):
        User.objects.filter(pk=person.pk).update(last_login="2026-04-01T00:00Z")
    prefecture_admin = Principal("prefecture", is_administrator=True)
    with transaction_as(prefecture_admin):
        latest = history_of("accounts_user", person.pk)[0]
    assert latest.before == {"password": "***", "name": ""}
    for principal in (municipal(person), municipal(boss, administers=True), HOST):
        with transaction_as(principal):
            assert history_of("accounts_user", person.pk) == []


def test_reading_personal_data_is_written_with_its_purpose(places, person, officer):
    boss = officer("01560", "municipal_admin")
    with transaction_as(municipal(person)):
        record_read("境界の確認", "parcels_parcelowner", "77", municipality_code="01560")
        assert not Entry.objects.filter(action="read").exists()  # the reader is no administrator
    with transaction_as(municipal(boss, administers=True)):
        entry = Entry.objects.filter(action="read").get()
    assert (entry.user_id, entry.purpose, entry.row_key) == (person.pk, "境界の確認", "77")


@pytest.mark.parametrize(
    ("principal", "purpose", "code"),
    [
        (None, "用件", "01560"),
        (Principal("municipal", ("01560",)), " ", "01560"),
        (Principal("municipal", ("01560",)), "用件", "01562"),
        (Principal("municipal", ("01560",)), "用件", None),
        (PUBLIC, "用件", "01560"),
    ],
    ids=["nobody", "no purpose", "another's", "a list of all", "public"],
)
def test_a_reading_without_right_or_purpose_is_refused(places, principal, purpose, code):
    with pytest.raises(DatabaseError), acting_as(principal), transaction.atomic():
        record_read(purpose, "parcels_parcelowner", "1", municipality_code=code)


def test_who_sees_which_entries(stand, person, officer, prefecture_user):
    neighbour = officer("01562", "municipal_admin")
    prefecture = Principal("prefecture", (), prefecture_user.pk, prefecture_user.organisation_id)
    seen = {}
    for name, principal in {
        "own": municipal(person),
        "prefecture": prefecture,
        "neighbour": municipal(neighbour, administers=True, code="01562"),
        "public": PUBLIC,
        "login": LOGIN,
    }.items():
        with transaction_as(principal):
            seen[name] = bool(history_of("registry_stand", stand.pk))
    assert seen == {
        "own": True, "prefecture": True, "neighbour": False, "public": False, "login": False,
    }  # fmt: skip


def test_a_person_of_another_organisation_is_named_by_the_organisation(
    stand, person, prefecture_user
):
    with transaction_as(
        Principal(
            "prefecture", (), prefecture_user.pk, prefecture_user.organisation_id, can_write=True
        )
    ):
        Stand.objects.filter(pk=stand.pk).update(age=7)
    with transaction_as(municipal(person)):
        assert history_of("registry_stand", stand.pk)[0].actor == prefecture_user.organisation.name


# --- tampering -----------------------------------------------------------------------

ATTACKS = {
    "update": "UPDATE audit_entry SET user_id = 1",
    "delete": "DELETE FROM audit_entry",
    "truncate": "TRUNCATE audit_entry",
    "insert": "INSERT INTO audit_entry (at, database_role, transaction_id, action, table_name, row_key, "
    "row_count, principal_kind, purpose, confidential) VALUES (now(), 'x', 1, 'read', 'x', '', 1, '', '', false)",
    "disable": "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "no trail": "ALTER TABLE registry_stand DISABLE TRIGGER ALL",
    "replica": "SET session_replication_role = replica",
    "call": "SELECT tenancy.audit_changes()",
    "own actor": "CREATE OR REPLACE FUNCTION tenancy.user_id() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
}


def execute(alias, sql):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)


RUNTIME = ("default", "worker", "map", "map_prefecture")


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("alias", RUNTIME)
def test_no_role_of_the_application_can_tamper(stand, alias, attack):
    with pytest.raises(DatabaseError), transaction_as(HOST, using=alias):
        execute(alias, ATTACKS[attack])


@pytest.mark.parametrize("attack", ["update", "delete", "truncate"])
def test_not_even_the_owner_or_a_superuser_changes_it_unnoticed(stand, database, admin_url, attack):
    from forestgis.tenancy import bootstrap

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using="migrator"):
        execute("migrator", ATTACKS[attack])
    with (
        bootstrap.admin_connection(admin_url, database) as admin,
        admin.cursor() as cursor,
        pytest.raises(psycopg2.Error, match="append-only"),
    ):
        cursor.execute(ATTACKS[attack])


def test_the_owner_cannot_write_in_anothers_name(stand):
    forged = ATTACKS["insert"].replace("(at,", "(user_id, at,").replace("(now()", "(5, now()")
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction_as(HOST, using="migrator"),
    ):
        execute("migrator", forged)


def test_injected_sql_cannot_act_as_somebody_else(stand, person):
    """A forged principal is no principal: it changes no row, sees none, and writes no entry."""
    with transaction_as(municipal(person)):
        before = list(Entry.objects.values_list("pk", flat=True))
    with pytest.raises(DatabaseError), transaction_as(municipal(person)):
        execute(
            "default",
            "SELECT set_config('forestgis.principal', 'prefecture||1|1|wa|99999999999|00', true); "
            "UPDATE registry_stand SET age = 3; SELECT 1 / count(*) FROM registry_stand",
        )
    with transaction_as(municipal(person)):
        assert list(Entry.objects.values_list("pk", flat=True)) == before


def test_every_registered_table_writes_all_three_kinds(database):
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger "
            "WHERE tgfoid = 'tenancy.audit_changes()'::regprocedure"
        )
        tables = [name for (name,) in cursor.fetchall()]
    assert {tables.count(table) for table in set(tables)} == {3}
    expected = {m._meta.db_table for m in (User, Compartment, Stand, Subcompartment, Segment)}
    assert expected <= set(tables)
