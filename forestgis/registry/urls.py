"""Addresses of the registry app."""

from django.urls import path

from forestgis.registry.views import edit, editions, export, imports, record, search

app_name = "registry"

urlpatterns = [
    path("register/", search.search, name="search"),
    path("register/totals/", search.totals, name="totals"),
    path("register/imports/", imports.import_list, name="import_list"),
    path("register/imports/<uuid:import_id>/", imports.import_detail, name="import_detail"),
    path("register/imports/<uuid:import_id>/status", imports.import_status, name="import_status"),
    path("register/imports/<uuid:import_id>/columns", imports.import_remap, name="import_remap"),
    path("register/imports/<uuid:import_id>/store", imports.import_confirm, name="import_confirm"),
    path(
        "register/imports/<uuid:import_id>/discard", imports.import_discard, name="import_discard"
    ),
    path("register/editions/", editions.edition_list, name="edition_list"),
    path("register/editions/<str:code>/<int:year>", editions.edition_state, name="edition_state"),
    path(
        "register/editions/<str:code>/<int:before>-<int:after>/",
        editions.differences,
        name="differences",
    ),
    path(
        "register/editions/<str:code>/<int:before>-<int:after>.svg",
        editions.difference_map,
        name="difference_map",
    ),
    path("register/export/", export.export, name="export"),
    path("register/export/ask/", export.ask, name="export_ask"),
    path("register/export/<uuid:job_id>/", export.show, name="export_job"),
    path("register/export/<uuid:job_id>/file", export.download, name="export_file"),
    path("register/edit/", edit.edit_many, name="edit_many"),
    path("register/<str:municipality>/<int:edition>/<str:keycode>/", record.show, name="record"),
    path(
        "register/<str:municipality>/<int:edition>/<str:keycode>/map/", record.on_map, name="on_map"
    ),
    path("register/<str:municipality>/<int:edition>/<str:keycode>/edit/", edit.edit, name="edit"),
    path("register/<str:municipality>/<int:edition>/<str:keycode>/undo/", edit.undo, name="undo"),
]
