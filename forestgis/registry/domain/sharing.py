"""Levels of sharing of a layer or record, widest first; the database policies use the same words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sharing(models.TextChoices):
    """Who else than the owning municipality and the prefecture may read a row."""

    PUBLIC = "public", _("一般公開")
    MUNICIPALITIES = "municipalities", _("全市町村")
    NAMED = "named", _("指定した市町村")
    OWN = "own", _("自市町村のみ")
    PREFECTURE = "prefecture", _("道のみ")
