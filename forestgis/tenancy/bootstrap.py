"""What only a superuser can lay: roles, the database, extensions. The rest is migrations by the owner role.

Everything here may be done again at any time and changes nothing then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, parse_dsn
from psycopg2.extensions import connection as Connection  # noqa: N812

from forestgis.tenancy import token

OWNER = "forestgis_owner"
# Database alias -> the login role that the policies name.
LOGIN_ROLES = {
    "migrator": "forestgis_migrator",
    "default": "forestgis_web",
    "worker": "forestgis_worker",
    "map": "forestgis_map",
    "map_prefecture": "forestgis_map_prefecture",
}
RUNTIME_ROLES = tuple(role for role in LOGIN_ROLES.values() if role != "forestgis_migrator")
EXTENSIONS = ("postgis", "pgcrypto", "btree_gist")
# Used where they are installed.
OPTIONAL_EXTENSIONS = ("pgrouting",)
# What && on geometries calls. It compares two bounding boxes and answers true or false: it raises no error that could
# show a row's value, and writes nothing. PostgreSQL may therefore ask the spatial index before the policies that say
# whose a row is; otherwise it reads every row that a municipality may see for each tile. Functions that read the
# coordinates (ST_Intersects) can fail on them and tell of them in the message: they are never marked.
LEAKPROOF = "geometry_overlaps(geometry, geometry)"
_PLAIN = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
# Any number that no other program takes.
_LOCK = 7_315_002


@contextmanager
def admin_connection(address: str, database: str | None = None) -> Iterator[Connection]:
    """Connect as the superuser, each statement its own transaction."""
    name = database or parse_dsn(address).get("dbname", "postgres")
    with closing(psycopg2.connect(address, dbname=name)) as connection:
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        yield connection


@contextmanager
def one_at_a_time(connection: Connection) -> Iterator[None]:
    """Keep other processes out while the connected database is worked on.

    Advisory locks belong to a database: on the maintenance database this one guards the
    roles and databases of the cluster, inside another database its own migrations.
    """
    _run(connection, "SELECT pg_advisory_lock(%s)", _LOCK)
    try:
        yield
    finally:
        _run(connection, "SELECT pg_advisory_unlock(%s)", _LOCK)


def ensure_roles(connection: Connection, databases: dict[str, dict[str, Any]]) -> None:
    """Create the roles, with the passwords of the connection settings.

    Raises
    ------
    ImproperlyConfigured
        If an alias does not log in as the role that the policies name.
    """
    _ensure_role(connection, OWNER, sql.SQL(f"NOLOGIN NOINHERIT {_PLAIN}"))
    for alias, role in LOGIN_ROLES.items():
        settings = databases[alias]
        if settings["USER"] != role:
            raise ImproperlyConfigured(
                f"the address of alias {alias!r} must log in as {role}, not {settings['USER']!r}"
            )
        password = sql.SQL(f"LOGIN {_PLAIN} PASSWORD {{}}").format(
            sql.Literal(settings["PASSWORD"] or None)
        )
        _ensure_role(connection, role, password)
    migrator = LOGIN_ROLES["migrator"]
    _run(connection, sql.SQL("GRANT {} TO {}").format(*map(sql.Identifier, (OWNER, migrator))))
    _run(connection, sql.SQL("ALTER ROLE {} SET role = {}").format(
        sql.Identifier(migrator), sql.Literal(OWNER)))  # fmt: skip
    for role in RUNTIME_ROLES:
        _run(connection, sql.SQL("ALTER ROLE {} SET statement_timeout = {}").format(
            sql.Identifier(role), sql.Literal(_STATEMENT_TIMEOUT[role])))  # fmt: skip


# A worker's single statement may store a whole run; a page or a map that takes a minute helps nobody.
_STATEMENT_TIMEOUT = {
    "forestgis_web": "10min",
    "forestgis_worker": "10min",
    "forestgis_map": "1min",
    "forestgis_map_prefecture": "1min",
}


def _ensure_role(connection: Connection, role: str, options: sql.Composable) -> None:
    exists = _run(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role)
    verb = "ALTER" if exists else "CREATE"
    _run(connection, sql.SQL(f"{verb} ROLE {{}} ").format(sql.Identifier(role)) + options)


def ensure_database(connection: Connection, name: str) -> bool:
    """Create the database, open to our roles only; return whether it is new."""
    if _run(connection, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        return False
    database, owner = sql.Identifier(name), sql.Identifier(OWNER)
    _run(connection, sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
        database, owner))  # fmt: skip
    open_database(connection, name)
    return True


def open_database(connection: Connection, name: str) -> None:
    """Let our roles connect to the database, and nobody else."""
    roles = sql.SQL(", ").join(map(sql.Identifier, LOGIN_ROLES.values()))
    database = sql.Identifier(name)
    _run(connection, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    _run(connection, sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, roles))
    _run(connection, sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(
        database, sql.Identifier("forestgis_web")))  # fmt: skip


def ensure_extensions(connection: Connection) -> None:
    """Create the extensions in the connected database, and close its schema to all but the owner.

    An update of PostGIS takes the mark of `LEAKPROOF` away, and neither does a dump hold it; it comes back with this.
    """
    for name in EXTENSIONS:
        _run(connection, sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
    for name in OPTIONAL_EXTENSIONS:
        if _run(connection, "SELECT 1 FROM pg_available_extensions WHERE name = %s", name):
            _run(
                connection,
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)),
            )
    _run(connection, f"ALTER FUNCTION public.{LEAKPROOF} LEAKPROOF")
    _run(connection, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    _run(
        connection,
        sql.SQL("GRANT CREATE, USAGE ON SCHEMA public TO {}").format(sql.Identifier(OWNER)),
    )


def migrate(verbosity: int = 0) -> bool:
    """Apply the migrations as the owner role and store the signing key; return whether anything was new."""
    connection = connections["migrator"]
    connection.prepare_database()
    executor = MigrationExecutor(connection)
    pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending:
        call_command("migrate", database="migrator", interactive=False, verbosity=verbosity)
    store_signing_key()
    connection.close()
    return pending


def store_signing_key() -> None:
    """Give the database the key that principals are signed with."""
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenancy.signing_key (key) VALUES (%s) "
            "ON CONFLICT (id) DO UPDATE SET key = excluded.key "
            "WHERE signing_key.key <> excluded.key",
            [token.signing_key()],
        )


def _run(connection: Connection, statement: str | sql.Composable, *params: object) -> bool:
    """Run one statement; return whether it gave a row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.description is not None and cursor.fetchone() is not None
