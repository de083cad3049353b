"""Addresses of the registry app."""

from django.urls import path

from forestgis.registry.views import search

app_name = "registry"

urlpatterns = [
    path("register/", search.search, name="search"),
    path("register/totals/", search.totals, name="totals"),
]
