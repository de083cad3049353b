"""The principal of management commands: who has a shell on the host acts for the prefecture."""

from __future__ import annotations

from forestgis.tenancy.principal import Principal

OPERATOR = Principal(
    kind="prefecture", codes=(), user_id=None, organisation_id=None, can_write=True
)
