"""Right to write, said before the work instead of by a failing row."""

from __future__ import annotations

from forestgis.accounts.access import may_write
from forestgis.surveys.errors import NotYoursError


def check_may_write(municipality_code: str) -> None:
    """Raise unless the acting principal may write the municipality's rows.

    The database policies decide the same; this check only gives the answer
    in words.

    Raises
    ------
    NotYoursError
        If it may not.
    """
    if not may_write(municipality_code):
        raise NotYoursError(municipality=municipality_code)
