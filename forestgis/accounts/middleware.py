"""Who asks: a token in the header, else the session, else nobody; then one transaction for the request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from forestgis.accounts.models import ApiToken, User
from forestgis.accounts.principals import principal_of
from forestgis.accounts.services import use_token
from forestgis.tenancy.principal import PUBLIC, Principal, acting_as

GetResponse = Callable[[HttpRequest], HttpResponseBase]
_FAILED = "_forestgis_view_failed"
_TOKEN = "_forestgis_token"  # noqa: S105 - the name of an attribute
_PRINCIPAL = "_forestgis_principal"


def unauthorised(request: HttpRequest) -> HttpResponse:
    """Answer 401 with the ways to prove who one is, for programs.

    A browser says so in Sec-Fetch-Mode; it is not offered Basic, or it would open a
    password box of its own over the page.
    """
    response = HttpResponse(
        _("認証が必要です。利用者名とアクセストークンを指定してください。"),
        status=401,
        content_type="text/plain; charset=utf-8",
    )
    basic = (
        "" if "Sec-Fetch-Mode" in request.headers else 'Basic realm="forestgis", charset="UTF-8", '
    )
    response["WWW-Authenticate"] = f'{basic}Bearer realm="forestgis"'
    response["Cache-Control"] = "no-store"
    return response


def _token_in(header: str) -> ApiToken | None:
    """Return the valid token of an Authorization header: Bearer, or Basic with the token as password."""
    scheme, _space, credentials = header.partition(" ")
    if scheme.lower() == "bearer":
        return use_token(credentials.strip())
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(credentials, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
        username, _colon, secret = pair.partition(":")
        return use_token(secret, username)
    return None


class TokenMiddleware:
    """Let a program in by its token. Wrong credentials are refused, whatever session comes with them."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Put the token's owner in `request.user`."""
        header = request.headers.get("Authorization")
        if header is None:
            return self._get_response(request)
        token = _token_in(header)
        if token is None:
            return unauthorised(request)
        request.user = token.user
        setattr(request, _TOKEN, token)
        # The secret in the header proves the intention that a form proves by its hidden field.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self._get_response(request)


def came_by_token(request: HttpRequest) -> bool:
    """Whether a program asks, with a token, and not a person who is logged in."""
    return hasattr(request, _TOKEN)


def is_api(request: HttpRequest) -> bool:
    """Whether programs read this address."""
    return request.path.startswith(settings.API_PREFIXES)


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Close every address that is not marked with `login_not_required`."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        """Send people to the login page and answer programs 401."""
        if is_api(request):
            return unauthorised(request)
        return super().handle_no_permission(request, view_func)


#: In the session of somebody who gave a code at login.
SECOND_FACTOR_GIVEN = "second_factor"
_FREE_OF_SECOND_FACTOR = frozenset(
    {"accounts:second_factor", "accounts:logout", "web:set_language"}
)


class SecondFactorMiddleware:
    """Lead administrators without a second factor to the page that sets one up, where the service asks for it."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """Answer instead of the view, except on the way there and out."""
        if not settings.FORESTGIS_ADMIN_SECOND_FACTOR or came_by_token(request):
            return None
        user = request.user
        if not isinstance(user, User) or not user.is_administrator:
            return None
        match = request.resolver_match
        if (match and match.view_name in _FREE_OF_SECOND_FACTOR) or request.session.get(
            SECOND_FACTOR_GIVEN
        ):
            return None
        return unauthorised(request) if is_api(request) else redirect("accounts:second_factor")


def token_in(request: HttpRequest) -> ApiToken | None:
    """Return the token that the request came with; None of a person who is logged in."""
    return getattr(request, _TOKEN, None)


def principal_in(request: HttpRequest) -> Principal | None:
    """Return on whose behalf the request was answered; None before it was found out."""
    return getattr(request, _PRINCIPAL, None)


def kept_by_nobody_else(response: HttpResponseBase, *, by_program: bool) -> HttpResponseBase:
    """Mark an answer as this reader's own: two people never get the same one.

    A browser asks again each time and is told 304 if nothing changed. Programs may not keep
    it at all: QGIS's disk cache, which two users of one PC share, looks neither at Vary nor
    at no-cache, and answered one municipality with another's rows.
    """
    if by_program:
        response["Cache-Control"] = "no-store"
    else:
        response.headers.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ("Cookie", "Authorization"))
    return response


class PrincipalMiddleware:
    """Answer the request in one transaction, on behalf of who asks."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Commit what the view did, or nothing of it if it failed."""
        principal = request_principal(request)
        setattr(request, _PRINCIPAL, principal)
        with acting_as(principal), transaction.atomic():
            response = self._get_response(request)
            if hasattr(request, _FAILED) or response.status_code >= 500:
                transaction.set_rollback(True)
        return kept_by_nobody_else(response, by_program=came_by_token(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember that the view raised: Django has made an answer of it before `__call__` sees it."""
        setattr(request, _FAILED, True)


def request_principal(request: HttpRequest) -> Principal:
    """Return the principal of a request's user, as narrow as the token it came with."""
    user = request.user
    if not isinstance(user, User):
        return PUBLIC
    token = token_in(request)
    return principal_of(
        user, may_edit=token is None or token.may_edit, may_administer=token is None
    )
