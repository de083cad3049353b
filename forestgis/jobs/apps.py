"""Django's view of the jobs app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from forestgis.jobs.router import follow_migrations


class JobsConfig(AppConfig):
    """Names the app and collects every app's `handlers` module."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.jobs"
    label = "jobs"
    verbose_name = _("処理")

    def ready(self) -> None:
        """Import the handlers, which register themselves."""
        follow_migrations()
        autodiscover_modules("handlers")
