"""Addresses: each app's urls.py holds its own paths from the root."""

from django.urls import URLPattern, URLResolver, include, path

from forestgis.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", health, name="health"),
    path("", include("forestgis.accounts.urls")),
    path("", include("forestgis.audit.urls")),
    path("", include("forestgis.jobs.urls")),
    path("", include("forestgis.registry.urls")),
    path("", include("forestgis.roads.urls")),
    path("", include("forestgis.parcels.urls")),
    path("", include("forestgis.notices.urls")),
    path("", include("forestgis.surveys.urls")),
    path("", include("forestgis.maps.urls")),
    path("", include("forestgis.web.urls")),
]

handler400 = "forestgis.web.errors.bad_request"
handler403 = "forestgis.web.errors.permission_denied"
handler404 = "forestgis.web.errors.not_found"
handler500 = "forestgis.web.errors.server_error"
