"""The second factor: a time-based code (TOTP, RFC 6238) of an app, or one of the recovery codes. By django-otp.

Secrets lie behind policies: their own person's, and those of the principal of kind "login".
"""

from __future__ import annotations

import secrets
from base64 import b32encode

import segno
from django.db import transaction
from django_otp import match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from forestgis.accounts.models import User
from forestgis.tenancy.principal import LOGIN, transaction_as

ISSUER = "forestgis"
RECOVERY_CODES = 10


def is_enrolled(user: User) -> bool:
    """Whether the person's login asks for a code."""
    with transaction_as(LOGIN):
        enrolled: bool = TOTPDevice.objects.filter(user=user, confirmed=True).exists()
    return enrolled


def verify(user: User, code: str) -> bool:
    """Whether the code is right now: of the app, or a recovery code, which works once.

    Wrong codes make the next try wait, longer each time.
    """
    with transaction_as(LOGIN):
        return match_token(user, code.replace(" ", "")) is not None


def begin(user: User) -> TOTPDevice:
    """Return the person's device that waits for its first code; the same one until it is confirmed."""
    with transaction.atomic():
        device: TOTPDevice = TOTPDevice.objects.get_or_create(
            user=user, confirmed=False, defaults={"name": "totp"}
        )[0]
    return device


def confirm(user: User, code: str) -> list[str] | None:
    """Switch the second factor on if the code is the waiting device's.

    Returns
    -------
    list of str or None
        New recovery codes, to be shown this once; None if the code is wrong.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=begin(user).pk)
        if not device.verify_token(code.replace(" ", "")):
            return None
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        return _new_recovery_codes(user)


def remove(user: User) -> None:
    """Switch the second factor off: by the person, or by an administrator for a lost phone."""
    with transaction_as(LOGIN):
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()


def _new_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    # 50 random bits each; django-otp slows guessing down.
    codes = [b32encode(secrets.token_bytes(7)).decode()[:10].lower() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def secret_of(device: TOTPDevice) -> str:
    """Return the secret as people type it into an app, in groups of four."""
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def picture_of(device: TOTPDevice) -> str:
    """Return the QR code of the device's address (otpauth:) as the source of an image."""
    address = (
        f"{device.config_url}&issuer={ISSUER}"
        if "issuer=" not in device.config_url
        else device.config_url
    )
    return segno.make(address, error="m").svg_data_uri(scale=5, border=2)
