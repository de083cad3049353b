"""Changes to accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from forestgis.accounts.models import ApiToken, User
from forestgis.tenancy.principal import LOGIN, Principal, transaction_as

# The last use is shown to the minute, so one write a minute is enough.
LAST_USED_STEP = timedelta(minutes=1)
_DJANGO_S = "update_last_login"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is shown once and kept nowhere."""

    token: ApiToken
    secret: str


def create_token(user: User, name: str, *, scopes: list[str], days: int) -> NewToken:
    """Store a token for one program of a person.

    Parameters
    ----------
    user : User
        The person; also the acting principal, whom the policies let make only own tokens.
    name : str
        What the token is for.
    scopes : list of str
        ``["read"]`` or ``["read", "edit"]``.
    days : int
        How long it works.
    """
    secret = ApiToken.new_secret()
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=name,
            token_hash=ApiToken.hash_of(secret),
            scopes=scopes,
            expires_at=timezone.now() + timedelta(days=days),
        )
    return NewToken(token, secret)


def revoke_token(token: ApiToken) -> None:
    """Make a token useless for ever. Doing it again keeps the first time."""
    with transaction.atomic():
        ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def use_token(secret: str, username: str | None = None) -> ApiToken | None:
    """Return the valid token with this secret, and note that it was used.

    Parameters
    ----------
    secret : str
        As it was shown once.
    username : str, optional
        The token must be this person's (HTTP Basic sends a name).
    """
    now = timezone.now()
    with transaction_as(LOGIN):
        found = ApiToken.objects.select_related("user__organisation").filter(
            token_hash=ApiToken.hash_of(secret), user__is_active=True
        )
        if username is not None:
            found = found.filter(user__username=username)
        token = found.first()
        if token is None or not token.is_valid(now):
            return None
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_STEP)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def change_own_password(user: User, password: str) -> None:
    """Store a person's new password; the caller has seen the old one."""
    user.set_password(password)
    # Nobody's own transaction can change accounts; the entry in the audit trail names the person all the same.
    proven = Principal("login", user_id=user.pk, organisation_id=user.organisation_id)
    with transaction_as(proven):
        user.save(update_fields=["password"])


def note_login(sender: type[User], request: HttpRequest, user: User, **kwargs: object) -> None:
    """Store when somebody last logged in; in place of Django's receiver, which knows no principal."""
    with transaction_as(LOGIN):
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())


def watch_logins() -> None:
    """Connect `note_login` under the name of Django's receiver, which then stays away."""
    user_logged_in.disconnect(dispatch_uid=_DJANGO_S)
    user_logged_in.connect(note_login, dispatch_uid=_DJANGO_S)
