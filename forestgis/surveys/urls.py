"""Addresses of the surveys app."""

from django.urls import path

from forestgis.surveys import views

app_name = "surveys"

urlpatterns = [
    path("surveys/runs/", views.run_list, name="run_list"),
    path("surveys/runs/<uuid:run_id>/", views.run_detail, name="run_detail"),
    path("surveys/runs/<uuid:run_id>/status/", views.run_status, name="run_status"),
    path("surveys/runs/<uuid:run_id>/publish/", views.publish_run, name="publish_run"),
    path("surveys/runs/<uuid:run_id>/withdraw/", views.withdraw_run, name="withdraw_run"),
    path("surveys/runs/<uuid:run_id>/cancel/", views.cancel_run, name="cancel_run"),
    path("surveys/runs/<uuid:run_id>/provenance.json", views.run_provenance, name="run_provenance"),
]
