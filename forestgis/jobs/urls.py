"""Addresses of the jobs app."""

from django.urls import path

from forestgis.jobs import views

app_name = "jobs"

urlpatterns = [
    path("jobs/<uuid:job_id>.json", views.job_json, name="job_json"),
    path("jobs/<uuid:job_id>/cancel", views.cancel, name="cancel"),
]
