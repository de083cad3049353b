"""Application settings of the registry app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    """Names the app; big keys since tables grow to millions of rows."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.registry"
    label = "registry"
    verbose_name = _("森林簿")
