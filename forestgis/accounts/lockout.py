"""Lock-out after wrong passwords: django-axes, with its rows behind the principal of kind "login"."""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.utils import reset
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from forestgis.tenancy.principal import LOGIN, transaction_as


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """Counts failures by user name and address. Nobody's own transaction can read or change the counts."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return how often this name failed from this address."""
        with transaction_as(LOGIN):
            failures: int = super().get_failures(request, credentials)
        return failures

    def user_login_failed(
        self,
        sender: object,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Count a failure."""
        with transaction_as(LOGIN):
            super().user_login_failed(sender, credentials, request, **kwargs)

    def user_logged_in(
        self,
        sender: object,
        request: HttpRequest,
        user: object,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Forget the failures of somebody who proved who they are."""
        with transaction_as(LOGIN):
            super().user_logged_in(sender, request, user, **kwargs)

    def user_logged_out(
        self,
        sender: object,
        request: HttpRequest,
        user: object,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Do nothing: the trail of sign-ins is not kept by axes."""


def unlock(username: str) -> None:
    """Let somebody try again before the time is up. Whose right it is, the caller checks."""
    with transaction_as(LOGIN):
        reset(username=username)


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: object = None
) -> HttpResponse:
    """Answer 429 with how long to wait and who can help."""
    minutes = int(get_cool_off(request).total_seconds() // 60)
    return render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)
