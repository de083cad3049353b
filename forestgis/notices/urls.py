"""Addresses of the notices app."""

from django.urls import path

from forestgis.notices.views import felling, plans, treatments

app_name = "notices"

urlpatterns = [
    path("notices/", felling.notice_list, name="notice_list"),
    path("notices/export/", felling.notice_export, name="notice_export"),
    path("notices/new/", felling.notice_new, name="notice_new"),
    path("notices/<int:notice_id>/", felling.notice_detail, name="notice_detail"),
    path("notices/<int:notice_id>/attach/", felling.notice_attach, name="notice_attach"),
    path("notices/<int:notice_id>/examine/", felling.notice_examine, name="notice_examine"),
    path("notices/<int:notice_id>/letter/", felling.notice_letter, name="notice_letter"),
    path("notices/<int:notice_id>/letter.pdf", felling.letter_pdf, name="letter_pdf"),
    path("notices/<int:notice_id>/felled/", felling.notice_felled, name="notice_felled"),
    path("notices/<int:notice_id>/planted/", felling.notice_planted, name="notice_planted"),
    path("notices/<int:notice_id>/withdraw/", felling.notice_withdraw, name="notice_withdraw"),
    path(
        "notices/attachments/<int:attachment_id>/", felling.attachment_file, name="attachment_file"
    ),
    path(
        "notices/attachments/<int:attachment_id>/remove/",
        felling.attachment_remove,
        name="attachment_remove",
    ),
    path("notices/treatments/", treatments.treatment_list, name="treatment_list"),
    path("notices/treatments/export/", treatments.treatment_export, name="treatment_export"),
    path("notices/treatments/new/", treatments.treatment_new, name="treatment_new"),
    path("notices/plans/", plans.plan_list, name="plan_list"),
    path("notices/plans/export/", plans.plan_export, name="plan_export"),
    path("notices/plans/new/", plans.plan_new, name="plan_new"),
    path("notices/plans/<int:plan_id>/", plans.plan_detail, name="plan_detail"),
    path("notices/plans/<int:plan_id>/certify/", plans.plan_certify, name="plan_certify"),
    path("notices/plans/<int:plan_id>/refuse/", plans.plan_refuse, name="plan_refuse"),
    path("notices/plans/<int:plan_id>/revoke/", plans.plan_revoke, name="plan_revoke"),
]
