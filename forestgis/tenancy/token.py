"""The signed form in which a principal travels to the database.

``kind|codes,comma|user|organisation|rights|expiry|signature``: rights are the letters w (may
write) and a (administers), the signature is
HMAC-SHA256 over everything before the last bar, under a key that the runtime
roles cannot read. A setting alone would be no wall, because injected SQL may
call set_config; it cannot sign.
"""

from __future__ import annotations

import hmac
import time

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from forestgis.tenancy.principal import Principal

LIFETIME_S = 15 * 60


def sign(principal: Principal, lifetime_s: int = LIFETIME_S) -> str:
    """Return the signed token of a principal, valid for `lifetime_s` seconds from now."""
    expiry = int(time.time()) + lifetime_s
    claims = "|".join(
        (
            principal.kind,
            ",".join(principal.codes),
            _number(principal.user_id),
            _number(principal.organisation_id),
            "w" * principal.can_write + "a" * principal.is_administrator,
            str(expiry),
        )
    )
    return f"{claims}|{hmac.new(signing_key(), claims.encode(), 'sha256').hexdigest()}"


def signing_key() -> bytes:
    """Return the key.

    Raises
    ------
    ImproperlyConfigured
        If PRINCIPAL_KEY is missing, not hexadecimal, or shorter than 16 bytes.
    """
    try:
        key = bytes.fromhex(settings.PRINCIPAL_KEY)
    except ValueError:
        key = b""
    if len(key) < 16:
        raise ImproperlyConfigured(
            "PRINCIPAL_KEY must be at least 32 hexadecimal digits; script/setup writes one to var/env"
        )
    return key


def _number(value: int | None) -> str:
    return "" if value is None else str(int(value))
