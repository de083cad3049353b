"""From a person to the principal that the database enforces."""

from __future__ import annotations

from forestgis.accounts.models import Organisation, User
from forestgis.tenancy.principal import Kind, Principal

_KINDS: dict[str, Kind] = {
    Organisation.Kind.PREFECTURE: "prefecture",
    Organisation.Kind.MUNICIPALITY: "municipal",
    # Operators and contractors see what is public until something is allotted to them.
    Organisation.Kind.OPERATOR: "public",
    Organisation.Kind.CONTRACTOR: "public",
}


def principal_of(user: User, *, may_edit: bool = True, may_administer: bool = True) -> Principal:
    """Return on whose behalf a person acts.

    Parameters
    ----------
    user : User
    may_edit : bool
        False where the person comes through a token with the scope "read".
    may_administer : bool
        False where the person comes through any token: programs administer nothing.
    """
    organisation = user.organisation
    kind = _KINDS[organisation.kind]
    codes = (organisation.code5,) if kind == "municipal" and organisation.code5 else ()
    return Principal(
        kind=kind,
        codes=codes,
        user_id=user.pk,
        organisation_id=organisation.pk,
        can_write=may_edit and user.may_write and kind != "public",
        is_administrator=may_administer and user.is_administrator and kind != "public",
    )
