"""Application settings of the parcels app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ParcelsConfig(AppConfig):
    """Names the app."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.parcels"
    label = "parcels"
    verbose_name = _("林地台帳")
