"""Rights on notices, said before the work instead of by a failing row."""

from __future__ import annotations

from forestgis.accounts.access import handles_persons, may_write
from forestgis.notices.errors import NoPersonsError, NotYoursError


def check_may_write(municipality_code: str) -> None:
    """Raise unless the acting principal may write the municipality's rows.

    Raises
    ------
    NotYoursError
    """
    if not may_write(municipality_code):
        raise NotYoursError(municipality=municipality_code)


def check_may_handle(municipality_code: str) -> None:
    """Raise unless the acting principal may write the municipality's rows that hold persons.

    Raises
    ------
    NotYoursError, NoPersonsError
    """
    check_may_write(municipality_code)
    if not handles_persons():
        raise NoPersonsError
