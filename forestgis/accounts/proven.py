"""Readers who proved a moment ago who they are, for addresses that are asked for many times a second.

Nothing is decided here: an answer of the ordinary way, through session, account and token, is remembered for a minute
at most, and only as long as nothing has changed that it came from. One statement asks for that: the session's row as it
is now, and the revision of accounts, tokens and organisations.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from forestgis.accounts.middleware import principal_in, token_in
from forestgis.tenancy import revisions
from forestgis.tenancy.principal import Principal

# As often as the last use of a token is noted.
_LASTS_S = 60.0
_MOST = 10_000
_TOPIC = "accounts"
_SESSION = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > now()"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request proves itself with: the digest of its header, else its session's key."""

    header: bytes | None
    session_key: str = ""

    @property
    def is_program(self) -> bool:
        """True of tokens."""
        return self.header is not None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a proof rests on, as it is now.

    Attributes
    ----------
    session : str or None
        Data of the session's row; None without a living session.
    revisions : mapping
        Revision of each topic.
    """

    session: str | None
    revisions: Mapping[str, int]

    def same_as(self, other: Ground) -> bool:
        """Whether nothing has changed that says who somebody is and what they may do."""
        return self.session == other.session and (
            self.revisions.get(_TOPIC) == other.revisions.get(_TOPIC)
        )


@dataclass(frozen=True, slots=True)
class _Proof:
    principal: Principal
    ground: Ground
    until: float


def credential_of(request: HttpRequest) -> Credential | None:
    """Return what the request proves itself with, the header first; None of nobody."""
    header = request.headers.get("Authorization")
    if header is not None:
        return Credential(hashlib.sha256(header.encode()).digest())
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return Credential(None, key) if key else None


def look(credential: Credential) -> Ground:
    """Return what a proof by this credential would rest on now.

    The connection is not tried first, which would cost as much as the question itself.

    Raises
    ------
    OperationalError, InterfaceError
        If the server has closed the connection since it was last used.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # unknown to the stubs
    session = None
    with connection.cursor() as cursor:
        if not credential.is_program:
            cursor.execute(_SESSION, [credential.session_key])
            session = cursor.fetchone()
        cursor.execute(revisions.READ)
        numbers = revisions.summed(cursor.fetchall())
    return Ground(session[0] if session else None, numbers)


class ProvenReaders:
    """What this process remembers."""

    def __init__(self) -> None:
        self._proofs: dict[Credential, _Proof] = {}

    def principal(self, credential: Credential, ground: Ground) -> Principal | None:
        """Return on whose behalf the credential acts, if that was proven on this ground."""
        proof = self._proofs.get(credential)
        if proof is None or time.time() >= proof.until or not proof.ground.same_as(ground):
            return None
        if not credential.is_program and ground.session is None:
            return None
        return proof.principal

    def learn(self, credential: Credential, ground: Ground, request: HttpRequest) -> None:
        """Remember what the ordinary way made of a request; `ground` was looked at before it."""
        principal, token = principal_in(request), token_in(request)
        if principal is None or (credential.is_program and token is None):
            return
        until = time.time() + _LASTS_S
        if token is not None:
            until = min(until, token.expires_at.timestamp())
        if len(self._proofs) >= _MOST:
            self._proofs.clear()
        self._proofs[credential] = _Proof(principal, ground, until)
