"""Application settings of the roads app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoadsConfig(AppConfig):
    """Names the app; big keys since tables grow to millions of rows."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.roads"
    label = "roads"
    verbose_name = _("路網")
