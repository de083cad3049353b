"""Rights, said before the work instead of by a failing row; the database's policies decide the same."""

from __future__ import annotations

from forestgis.parcels.errors import NotYoursError
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
