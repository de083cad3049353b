"""Addresses of the audit app."""

from django.urls import path

from forestgis.audit import views

app_name = "audit"

urlpatterns = [
    path("audit/", views.entries, name="entries"),
    path("audit/export", views.export, name="export"),
]
