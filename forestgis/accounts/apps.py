"""Django's view of the accounts app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Names the app and watches logins."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "forestgis.accounts"
    label = "accounts"
    verbose_name = _("利用者")

    def ready(self) -> None:
        """Connect the receivers."""
        from forestgis.accounts import services

        services.watch_logins()
