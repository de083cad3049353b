"""The policy of tables that hold personal data: names, addresses, contacts."""

from __future__ import annotations

from forestgis.tenancy.policies import MAY_WRITE, ProtectedTable, own_rows

# Roles whose duty it is (林地台帳制度, 森林法191条の4); an analyst, a reader and a token that only reads never.
_ROLES = "('prefecture_admin', 'prefecture_staff', 'municipal_admin', 'municipal_officer')"
_ME = "(SELECT tenancy.user_id())"
_MY_ROLE = f"(SELECT role FROM accounts_user WHERE id = {_ME})"  # noqa: S608 - constants
#: True for people whose duty it is to know persons, and for commands of the host, which have no person.
PERSONS = f"({MAY_WRITE} AND ({_ME} IS NULL OR {_MY_ROLE} IN {_ROLES}))"


class PersonalTable(ProtectedTable):
    """Protect a table of persons: the municipality's own officers and administrators, and the prefecture's.

    Reading it is recorded with its purpose by the code that reads. Maps have no right on it at all.

    Parameters
    ----------
    table : str
        Name in schema public, with the column municipality_code.
    keep : bool
        Rows are never deleted, since they are the history.
    """

    def __init__(self, table: str, *, keep: bool = False) -> None:
        rows = f"{own_rows()} AND {PERSONS}"
        super().__init__(table, read=rows, insert=rows, update=rows, delete=None if keep else rows)
