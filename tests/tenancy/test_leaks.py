"""The wall has no hole, and the check that says so sees each stone that is taken out."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connections, transaction

from forestgis.tenancy.leaks import UNPROTECTED, find_leaks


@pytest.fixture
def migrator(database):
    """Cursor of the owner role; what it changes is rolled back."""
    with transaction.atomic(using="migrator"):
        with connections["migrator"].cursor() as cursor:
            yield cursor
        transaction.set_rollback(True, using="migrator")


def rows(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchall()


POLICIES = "SELECT polname, polrelid::regclass::text FROM pg_policy ORDER BY 2, 1"
TABLES = """
    SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relrowsecurity ORDER BY 1
"""
VIEWS = """
    SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1
"""


def test_there_is_no_leak(migrator):
    assert find_leaks(migrator) == []


def test_the_command_says_so(database, capsys):
    from django.core.management import call_command

    call_command("check_tenancy")
    assert "passed" in capsys.readouterr().out


def test_every_table_of_our_models_is_protected(migrator):
    protected = {name for (name,) in rows(migrator, TABLES)}
    ours = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("forestgis.") and model._meta.managed
    }
    assert len(ours) > 10
    assert ours - protected == set()
    everything = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    unknown = {table for table in everything - protected - set(UNPROTECTED) if "." not in table}
    assert unknown <= {"geometry_columns", "spatial_ref_sys"} | {
        name for (name,) in rows(migrator, VIEWS)
    }


def noticed(cursor, statement: str) -> bool:
    """Whether the check sees what the statement did; the statement is undone."""
    with transaction.atomic(using="migrator"):
        cursor.execute(statement)
        found = bool(find_leaks(cursor))
        transaction.set_rollback(True, using="migrator")
    return found


def test_dropping_any_policy_is_noticed(migrator):
    policies = rows(migrator, POLICIES)
    assert len(policies) > 40
    missed = [
        (table, name)
        for name, table in policies
        if not noticed(migrator, f"DROP POLICY {name} ON {table}")
    ]
    assert missed == []


def test_opening_any_table_or_view_is_noticed(migrator):
    tables = [name for (name,) in rows(migrator, TABLES)]
    views = [name for (name,) in rows(migrator, VIEWS)]
    assert len(tables) > 10
    assert len(views) > 5
    statements = [
        *(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in tables),
        *(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in tables),
        *(f"ALTER VIEW {view} SET (security_invoker = false)" for view in views),
        *(f"ALTER VIEW {view} RESET (security_invoker)" for view in views),
    ]
    assert [statement for statement in statements if not noticed(migrator, statement)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE forgotten (municipality_code varchar(5))",
        "CREATE TABLE forgotten (id int)",
        "CREATE VIEW open_view AS SELECT * FROM jobs_job",
        "CREATE MATERIALIZED VIEW copy AS SELECT 1 AS one",
        "CREATE POLICY extra ON jobs_job USING (true)",
        "CREATE POLICY extra ON jobs_job FOR SELECT TO forestgis_web USING (true)",
        "ALTER POLICY read_rows ON jobs_job USING (true)",
        "ALTER POLICY update_rows ON jobs_job USING (municipality_code = any(tenancy.codes())) WITH CHECK (true)",
        "ALTER POLICY read_rows ON jobs_job TO PUBLIC",
        "GRANT SELECT ON jobs_job TO PUBLIC",
        "GRANT INSERT ON audit_entry TO forestgis_web",
        "ALTER TABLE audit_entry DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON audit_entry",
        "ALTER TABLE registry_stand DISABLE TRIGGER audit_update",
        "DROP TRIGGER audit_insert ON registry_stand",
        "GRANT DELETE ON jobs_job TO forestgis_web",
        "GRANT SELECT ON accounts_user TO forestgis_map",
        "GRANT INSERT ON registry_stand TO forestgis_map",
        "GRANT TRUNCATE ON registry_stand TO forestgis_web",
        "GRANT SELECT ON tenancy.signing_key TO forestgis_web",
        "GRANT EXECUTE ON FUNCTION tenancy.claims() TO forestgis_web",
        "GRANT SELECT ON django_session TO forestgis_map",
        "GRANT CREATE ON SCHEMA tenancy TO forestgis_web",
        "CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_new_holes_are_noticed(migrator, statement):
    assert noticed(migrator, statement)
