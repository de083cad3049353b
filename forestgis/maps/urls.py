"""Addresses of the maps app."""

from django.urls import URLPattern

app_name = "maps"

urlpatterns: list[URLPattern] = []
