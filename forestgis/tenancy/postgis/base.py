"""GeoDjango's PostGIS backend, with the principal put into every transaction.

The statement that carries it goes out with the first cursor of a transaction
and again whenever another principal acts inside it, so that no caller has to
remember. It is local to the transaction: a connection that is kept for the next
request carries nothing over.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.gis.db.backends.postgis.base import DatabaseWrapper as PostGISWrapper
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from forestgis.tenancy import token
from forestgis.tenancy.principal import Principal, stated

_SET = "SELECT set_config('forestgis.principal', %s, true)"
_POWERS = """
    SELECT r.rolsuper, r.rolbypassrls,
           EXISTS (SELECT FROM pg_namespace n
                   WHERE n.nspname = 'tenancy' AND pg_has_role(r.oid, n.nspowner, 'MEMBER'))
    FROM pg_roles r WHERE r.rolname = session_user
"""
# Cursors opened this long before a token ends get a new one.
_RENEW_S = token.LIFETIME_S // 3


class DatabaseWrapper(PostGISWrapper):
    """A connection that says on whose behalf it asks."""

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        # Names of the statements that the present connection has prepared.
        self.prepared: set[str] = set()
        self._forget_principal()

    def _forget_principal(self, *, unknown: bool = False) -> None:
        """Note that the transaction carries no principal, or one that cannot be known."""
        self._carried: Principal | None = None
        self._carried_until = float("inf")
        self._unknown = unknown

    def init_connection_state(self) -> None:
        """Refuse a login that row-level security would not hold."""
        super().init_connection_state()
        self.prepared.clear()
        self._forget_principal()
        if not self.settings_dict.get("PRIVILEGED", False):
            self._refuse_powers()

    def _refuse_powers(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(_POWERS)
            powers = cursor.fetchone()
        names = ("is a superuser", "has BYPASSRLS", "owns the tables")
        if reasons := [name for name, has in zip(names, powers, strict=True) if has]:
            self.close()
            raise ImproperlyConfigured(
                f"database alias {self.alias!r}: role {self.settings_dict['USER']!r} "
                f"{' and '.join(reasons)}, so row-level security would not hold; "
                "use the runtime roles that bootstrap_database creates"
            )

    def create_cursor(self, name: str | None = None) -> object:
        """Return a cursor in whose transaction the current principal acts."""
        self._check_kind()
        if not self.connection.autocommit:
            self._carry_principal()
        return super().create_cursor(name)

    def _check_kind(self) -> None:
        required = self.settings_dict.get("PRINCIPAL_KIND")
        if required is None:
            return
        principal = stated()
        if principal is None or principal.kind != required:
            raise PermissionDenied(
                f"database alias {self.alias!r} is for principals of kind {required!r} only"
            )

    def _carry_principal(self) -> None:
        principal = stated()
        fresh = time.monotonic() < self._carried_until
        if principal == self._carried and fresh and not self._unknown:
            return
        if self.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
            return  # only a rollback can follow, and it must not be disturbed
        signed = "" if principal is None else token.sign(principal)
        with self.connection.cursor() as cursor:
            cursor.execute(_SET, [signed])
        self._forget_principal()
        self._carried = principal
        if principal is not None:
            self._carried_until = time.monotonic() + token.LIFETIME_S - _RENEW_S

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        self._forget_principal()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self._forget_principal()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._forget_principal()

    def _savepoint_rollback(self, sid: str) -> None:
        # The setting returns to what it was at the savepoint, whatever that is.
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._forget_principal(unknown=True)
