"""Levels of sharing of a layer or record, widest first; the database policies use the same words."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sharing(models.TextChoices):
    """Who else than the owning municipality and the prefecture may read a row."""

    PUBLIC = "public", _("一般公開")
    MUNICIPALITIES = "municipalities", _("全市町村")
    NAMED = "named", _("指定した市町村")
    OWN = "own", _("自市町村のみ")
    PREFECTURE = "prefecture", _("道のみ")


def published_sharing() -> list[tuple[str, Any]]:
    """Give the levels that something can be published at.

    What only the prefecture may see is simply not published: the prefecture
    reads every row anyway.
    """
    return [(level.value, level.label) for level in Sharing if level is not Sharing.PREFECTURE]
