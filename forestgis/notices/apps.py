"""Application settings of the notices app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """Names the app."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.notices"
    label = "notices"
    verbose_name = _("届出・施業履歴・森林経営計画")
