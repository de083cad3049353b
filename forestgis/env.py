"""Where settings come from: the environment, else the file var/env that script/setup writes."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = ROOT / "var" / "env"


@lru_cache(maxsize=1)
def _file_values() -> dict[str, str]:
    if not ENV_FILE.is_file():
        return {}
    lines = ENV_FILE.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}


def value(key: str, default: str = "") -> str:
    """Return a setting; an empty variable counts as not set."""
    return os.environ.get(key) or _file_values().get(key) or default


def flag(key: str, *, default: bool) -> bool:
    """Return a setting of 1/0, true/false, yes/no, on/off."""
    text = value(key)
    return text.lower() in {"1", "true", "yes", "on"} if text else default


def database(key: str) -> dict[str, Any]:
    """Return Django's connection settings for a postgresql:// address.

    An address that is not set gives an empty name, so that commands without a
    database (translations, static files, type checks) work on a bare checkout,
    and the first connection says what is missing.
    """
    parts = urlsplit(value(key))
    return {
        "ENGINE": "forestgis.tenancy.postgis",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {},
    }
