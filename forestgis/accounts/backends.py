"""Proving who somebody is: the only code that acts as the principal of kind "login"."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from forestgis.accounts.models import User
from forestgis.tenancy.principal import LOGIN, transaction_as


class PasswordBackend(ModelBackend):
    """User name and password for the pages; programs use tokens."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> User | None:
        """Return the active user whose password this is, in the same time whether or not there is one."""
        with transaction_as(LOGIN):
            return super().authenticate(request, username=username, password=password)

    def get_user(self, user_id: int) -> User | None:
        """Return the active user of a session, and the organisation with it."""
        with transaction_as(LOGIN):
            return (
                User.objects.select_related("organisation")
                .filter(pk=user_id, is_active=True)
                .first()
            )
