"""Application settings of the audit app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Names the app; big keys since the trail only grows."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.audit"
    label = "audit"
    verbose_name = _("操作記録")
