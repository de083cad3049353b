"""Looking after an organisation's people: who may, and what they may change.

The acting principal must administer (`Principal.is_administrator`); policies let it write the
own organisation's people only, the prefecture's administrators all, and nobody their own row.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from forestgis.accounts.lockout import unlock
from forestgis.accounts.models import Organisation, User
from forestgis.accounts.second_factor import remove
from forestgis.tenancy.principal import current

Role = User.Role
#: What the people of each kind of organisation can be.
ROLES: dict[str, tuple[User.Role, ...]] = {
    Organisation.Kind.PREFECTURE: (
        Role.PREFECTURE_ADMIN,
        Role.PREFECTURE_STAFF,
        Role.ANALYST,
        Role.READER,
    ),
    Organisation.Kind.MUNICIPALITY: (
        Role.MUNICIPAL_ADMIN,
        Role.MUNICIPAL_OFFICER,
        Role.ANALYST,
        Role.READER,
    ),
    Organisation.Kind.OPERATOR: (Role.OPERATOR, Role.READER),
    Organisation.Kind.CONTRACTOR: (Role.ANALYST, Role.READER),
}


class PeopleError(Exception):
    """The change is not allowed; nothing was changed. Its text is for the user."""

    code = "people"


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password just made for somebody; shown once and kept nowhere."""

    user: User
    password: str


def organisations() -> list[Organisation]:
    """List the organisations whose people the acting principal looks after.

    Raises
    ------
    PermissionDenied
        If it administers nothing.
    """
    principal = current()
    if not principal.is_administrator:
        raise PermissionDenied
    everything = Organisation.objects.order_by("kind", "code5", "name")
    if principal.kind == "prefecture":
        return list(everything)
    return list(everything.filter(pk__in=[principal.organisation_id]))


def people_of(organisation: Organisation) -> list[User]:
    """List an organisation's people, those who left at the end."""
    return list(User.objects.filter(organisation=organisation).order_by("-is_active", "username"))


def add(organisation: Organisation, username: str, name: str, role: str, email: str) -> NewPassword:
    """Store a new person with a password of ours.

    Raises
    ------
    PeopleError
        If the role is not one of the organisation's kind, or the name is taken.
    """
    _check_role(organisation, role)
    with transaction.atomic():
        # Names are unique over all organisations, most of which an administrator does not see.
        password = _password()
        user = User.objects.create_user(
            username, password, organisation=organisation, role=role, name=name, email=email
        )
    return NewPassword(user, password)


def change(user: User, *, name: str, role: str, is_active: bool) -> None:
    """Change a person's name, role, or whether they may log in.

    Raises
    ------
    PeopleError
        If it is the acting person, or the role is not one of the organisation's kind.
    """
    _check_other(user)
    _check_role(user.organisation, role)
    user.name, user.role, user.is_active = name, role, is_active
    user.save(update_fields=["name", "role", "is_active"])


def reset_password(user: User) -> NewPassword:
    """Give a person a new password, end a lock-out, and let them log in without a second factor once more.

    Raises
    ------
    PeopleError
        If it is the acting person, who changes the own password with the old one.
    """
    _check_other(user)
    password = _password()
    user.set_password(password)
    user.save(update_fields=["password"])
    unlock(user.username)
    remove(user)
    return NewPassword(user, password)


def let_try_again(user: User) -> None:
    """End a lock-out before its time."""
    unlock(user.username)


def _password() -> str:
    return secrets.token_urlsafe(12)


def _check_other(user: User) -> None:
    if user.pk == current().user_id:
        raise PeopleError(_("自分自身の権限は変えられません。ほかの管理者に頼んでください。"))


def _check_role(organisation: Organisation, role: str) -> None:
    if role not in ROLES[organisation.kind]:
        raise PeopleError(_("この組織にはない役割です。"))
