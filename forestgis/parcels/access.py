"""Rights, said before the work instead of by a failing row; the database's policies decide the same."""

from __future__ import annotations

from forestgis.accounts.models import User
from forestgis.parcels.errors import NoPersonsError, NotYoursError
from forestgis.tenancy.principal import current


def may_write(municipality_code: str) -> bool:
    """Whether the acting principal may write the municipality's rows."""
    principal = current()
    return principal.can_write and (
        principal.kind == "prefecture" or municipality_code in principal.codes
    )


def check_may_write(municipality_code: str) -> None:
    """Raise unless the acting principal may write the municipality's rows.

    Raises
    ------
    NotYoursError
        If it may not.
    """
    if not may_write(municipality_code):
        raise NotYoursError(municipality=municipality_code)


def handles_persons() -> bool:
    """Whether it is the acting person's duty to know owners and applicants; a command of the host has no person."""
    principal = current()
    if not principal.can_write:
        return False
    if principal.user_id is None:
        return principal.kind == "prefecture"
    people = User.objects.filter(pk=principal.user_id, role__in=User.PERSONAL_DATA_ROLES)
    return people.exists()


def check_may_handle(municipality_code: str) -> None:
    """Raise unless the acting principal may write the municipality's rows that hold persons.

    Raises
    ------
    NotYoursError, NoPersonsError
    """
    check_may_write(municipality_code)
    if not handles_persons():
        raise NoPersonsError
