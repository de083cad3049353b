"""Reads of accounts; the acting principal's policies decide which rows there are."""

from __future__ import annotations

from django.db.models import QuerySet

from forestgis.accounts.models import ApiToken, User
from forestgis.tenancy.principal import LOGIN, transaction_as


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """List a person's tokens, newest first, revoked and expired ones with them."""
    return ApiToken.objects.filter(user=user)


def username_taken(username: str) -> bool:
    """Whether somebody has the name, in whatever organisation: names are unique over all."""
    with transaction_as(LOGIN):
        return User.objects.filter(username=username).exists()
