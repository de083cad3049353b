"""Addresses of the parcels app."""

from django.urls import path

from forestgis.parcels.views import cases, imports, ledger

app_name = "parcels"

urlpatterns = [
    path("parcels/", ledger.parcel_list, name="parcel_list"),
    path("parcels/export/", ledger.parcel_export, name="parcel_export"),
    path("parcels/publication/", ledger.publication, name="publication"),
    path("parcels/<int:parcel_id>/", ledger.parcel_detail, name="parcel_detail"),
    path("parcels/<int:parcel_id>/owners/", ledger.parcel_owners, name="parcel_owners"),
    path("parcels/<int:parcel_id>/slip.pdf", ledger.parcel_slip, name="parcel_slip"),
    path("parcels/owners/", ledger.owner_search, name="owner_search"),
    path("parcels/relate/", imports.relate, name="relate"),
    path("parcels/imports/", imports.import_list, name="import_list"),
    path("parcels/imports/<uuid:import_id>/", imports.import_detail, name="import_detail"),
    path("parcels/imports/<uuid:import_id>/status/", imports.import_status, name="import_status"),
    path("parcels/imports/<uuid:import_id>/store/", imports.import_confirm, name="import_confirm"),
    path(
        "parcels/imports/<uuid:import_id>/discard/", imports.import_discard, name="import_discard"
    ),
    path("parcels/cases/<slug:kind>/", cases.case_list, name="case_list"),
    path("parcels/cases/<slug:kind>/new/", cases.case_new, name="case_new"),
    path("parcels/cases/<slug:kind>/<int:case_id>/", cases.case_detail, name="case_detail"),
    path("parcels/cases/<slug:kind>/<int:case_id>/accept/", cases.case_accept, name="case_accept"),
    path("parcels/cases/<slug:kind>/<int:case_id>/refuse/", cases.case_refuse, name="case_refuse"),
    path("parcels/provisions/<int:case_id>/slip.pdf", cases.provision_slip, name="provision_slip"),
]
