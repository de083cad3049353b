"""Application settings of the surveys app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveysConfig(AppConfig):
    """Names the app; big keys since tables grow to millions of rows."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.surveys"
    label = "surveys"
    verbose_name = _("航空レーザ")

    def ready(self) -> None:
        """Register the kinds of job."""
        from forestgis.surveys import jobs  # noqa: F401
