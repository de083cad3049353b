"""Django's view of the maps app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MapsConfig(AppConfig):
    """Names the app."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.maps"
    label = "maps"
    verbose_name = _("地図")
