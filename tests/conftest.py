"""Fixtures that every test may use.

Tests of the product run against a real PostgreSQL with the real roles. The
migrations run once into a template database; each test module gets a copy of it,
where data is really committed and row-level security really holds.
"""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forestgis.settings")
django.setup()

if TYPE_CHECKING:
    from django.test import Client

    from forestgis.accounts.models import Organisation, User

ROOT = Path(__file__).resolve().parents[1]
ADDRESSES = {
    "default": "DATABASE_URL",
    "migrator": "MIGRATOR_DATABASE_URL",
    "worker": "WORKER_DATABASE_URL",
    "map": "MAP_DATABASE_URL",
    "map_prefecture": "MAP_PREFECTURE_DATABASE_URL",
}
TEMPLATE_PREFIX = "forestgis_template_"
TEMPLATES_KEPT = 4


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data (point clouds, plots, roads, boundaries), outside the project."""
    path = Path(os.environ.get("FORESTGIS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        if os.environ.get("CI"):
            pytest.fail(
                f"FORESTGIS_SHARED_DATA: no folder {path}, and CI must not skip these tests"
            )
        pytest.skip(f"real data not found at {path}; set FORESTGIS_SHARED_DATA")
    return path


# --- databases -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def admin_url() -> str:
    """Superuser's address of the PostgreSQL that tests make their databases on."""
    from forestgis import env

    url = env.value("ADMIN_DATABASE_URL")
    if not url:
        pytest.fail("ADMIN_DATABASE_URL is not set and there is no var/env: run script/setup")
    return url


@pytest.fixture(scope="session")
def template_database(admin_url: str, django_db_blocker: Any) -> str:
    """Name of a database with all migrations applied, made again only when they change."""
    from django.conf import settings

    from forestgis.tenancy import bootstrap

    name = TEMPLATE_PREFIX + _schema_fingerprint()
    with bootstrap.admin_connection(admin_url) as server, bootstrap.one_at_a_time(server):
        if _execute(server, "SELECT 1 FROM pg_database WHERE datname = %s", name):
            return name
        bootstrap.ensure_roles(server, settings.DATABASES)
        unfinished = f"{name}_new"
        _execute(server, f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
        bootstrap.ensure_database(server, unfinished)
        with bootstrap.admin_connection(admin_url, unfinished) as inside:
            bootstrap.ensure_extensions(inside)
        with django_db_blocker.unblock(), connected_to(unfinished):
            bootstrap.migrate()
        _execute(server, f"ALTER DATABASE {unfinished} RENAME TO {name}")
        _execute(server, f"COMMENT ON DATABASE {name} IS 'made at {_now()}'")
        _drop_old_templates(server)
    return name


@pytest.fixture(scope="module")
def database(template_database: str, admin_url: str, django_db_blocker: Any) -> Iterator[str]:
    """Fresh database of this test module, committed to by real roles; its name.

    Child processes started by a test find it in their environment.
    """
    with django_db_blocker.unblock(), copied_database(template_database, admin_url) as name:
        yield name


@pytest.fixture
def fresh_database(template_database: str, admin_url: str, django_db_blocker: Any) -> Iterator[str]:
    """Fresh database of one test, for tests that break it or count everything in it; its name."""
    with django_db_blocker.unblock(), copied_database(template_database, admin_url) as name:
        yield name


@contextmanager
def copied_database(template: str, admin_url: str) -> Iterator[str]:
    """Copy a database, connect every alias to the copy, and drop it at the end."""
    from forestgis.tenancy import bootstrap

    name = f"forestgis_test_{uuid.uuid4().hex[:12]}"
    with bootstrap.admin_connection(admin_url) as server:
        _execute(server, f"CREATE DATABASE {name} TEMPLATE {template} OWNER {bootstrap.OWNER}")
        try:
            bootstrap.open_database(server, name)
            with connected_to(name):
                yield name
        finally:
            _execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Point every alias, in this process and in child processes, to another database."""
    from django.db import connections

    from forestgis import env

    before = {alias: connections.settings[alias]["NAME"] for alias in connections}
    with pytest.MonkeyPatch.context() as patch:
        for variable in ADDRESSES.values():
            patch.setenv(variable, f"{env.value(variable).rpartition('/')[0]}/{name}")
        try:
            _connect_aliases(dict.fromkeys(before, name))
            yield
        finally:
            _connect_aliases(before)


def _connect_aliases(names: dict[str, str]) -> None:
    from django.db import connections

    connections.close_all()
    for alias, name in names.items():
        connections.settings[alias]["NAME"] = name


def _schema_fingerprint() -> str:
    """Hash of everything that a migrated database is made from."""
    product = ROOT / "forestgis"
    files = [
        *product.glob("*/migrations/*.py"),
        *product.glob("*/sql/*.sql"),
        product / "tenancy" / "policies.py",
        product / "tenancy" / "bootstrap.py",
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _drop_old_templates(server: Any) -> None:
    import psycopg2

    with server.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname ~ %s "
            "ORDER BY shobj_description(oid, 'pg_database') DESC NULLS LAST",
            [f"^{TEMPLATE_PREFIX}[0-9a-f]{{12}}$"],
        )
        names = [name for (name,) in cursor.fetchall()]
    for name in names[TEMPLATES_KEPT:]:
        try:
            _execute(server, f"DROP DATABASE IF EXISTS {name}")
        except psycopg2.errors.ObjectInUse:
            continue


def _execute(server: Any, statement: str, *params: object) -> bool:
    with server.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.description is not None and cursor.fetchone() is not None


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


# --- people --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def host_principal() -> Any:
    """The principal of a management command: acts for the prefecture."""
    from forestgis.tenancy.principal import Principal

    return Principal("prefecture", can_write=True)


@pytest.fixture(scope="module")
def organisation(database: str, host_principal: Any) -> Callable[..., Organisation]:
    """Return `organisation(kind="municipality", code5="01560")`, made at the first call."""
    from forestgis.accounts.models import Organisation
    from forestgis.tenancy.principal import transaction_as

    def make(kind: str = "municipality", code5: str | None = None) -> Organisation:
        with transaction_as(host_principal):
            return Organisation.objects.get_or_create(
                kind=kind, code5=code5, defaults={"name": f"{kind} {code5 or ''}".strip()}
            )[0]

    return make


@pytest.fixture(scope="module")
def municipality(organisation: Callable[..., Organisation]) -> Callable[[str], Organisation]:
    """Return `municipality(code5)`: the organisation of a municipality."""
    return lambda code5: organisation("municipality", code5)


@pytest.fixture(scope="module")
def make_user(host_principal: Any) -> Callable[..., User]:
    """Return `make_user(organisation, role, password=None)`: a new user each time."""
    from forestgis.accounts.models import User
    from forestgis.tenancy.principal import transaction_as

    def make(organisation: Organisation, role: str, password: str | None = None) -> User:
        with transaction_as(host_principal):
            return User.objects.create_user(
                f"{role}-{uuid.uuid4().hex[:6]}", password, organisation=organisation, role=role
            )

    return make


@pytest.fixture(scope="module")
def officer(
    municipality: Callable[[str], Organisation], make_user: Callable[..., User]
) -> Callable[..., User]:
    """Return `officer(code5, role="municipal_officer")`: a new user of a municipality."""
    return lambda code5, role="municipal_officer": make_user(municipality(code5), role)


@pytest.fixture(scope="module")
def prefecture_user(
    organisation: Callable[..., Organisation], make_user: Callable[..., User]
) -> User:
    """An administrator of the prefecture."""
    return make_user(organisation("prefecture"), "prefecture_admin")


@pytest.fixture
def client_for(database: str) -> Callable[[User | None], Client]:
    """Return `client_for(user)`: a browser that is logged in, or nobody's for None."""
    from django.test import Client

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture(scope="module")
def live_address(database: str) -> Iterator[str]:
    """Address of the whole product over HTTP on a free port, for clients of other programs."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)
