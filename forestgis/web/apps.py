"""Django's view of the web app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Base templates, navigation and the map page."""

    name = "forestgis.web"
    label = "web"
    verbose_name = "forestgis web"
