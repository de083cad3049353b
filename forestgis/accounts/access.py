"""What the acting person may do, said before the work; the database's policies decide the same."""

from __future__ import annotations

from forestgis.accounts.models import User
from forestgis.tenancy.principal import current


def may_write(municipality_code: str) -> bool:
    """Whether the acting principal may write the municipality's rows."""
    principal = current()
    return principal.can_write and (
        principal.kind == "prefecture" or municipality_code in principal.codes
    )


def handles_persons() -> bool:
    """Whether it is the acting person's duty to know owners and applicants; a command of the host has no person."""
    principal = current()
    if not principal.can_write:
        return False
    if principal.user_id is None:
        return principal.kind == "prefecture"
    people = User.objects.filter(pk=principal.user_id, role__in=User.PERSONAL_DATA_ROLES)
    return people.exists()
