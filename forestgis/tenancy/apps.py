"""Django's view of the tenancy app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenancyConfig(AppConfig):
    """Names the app."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.tenancy"
    label = "tenancy"
    verbose_name = _("自治体の区分")
