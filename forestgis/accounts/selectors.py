"""Reads of accounts; the acting principal's policies decide which rows there are."""

from __future__ import annotations

from django.db.models import QuerySet

from forestgis.accounts.models import ApiToken, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """List a person's tokens, newest first, revoked and expired ones with them."""
    return ApiToken.objects.filter(user=user)
