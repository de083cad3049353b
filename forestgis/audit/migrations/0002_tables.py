"""What is audited of the tables that were there before the trail."""

from django.db import migrations

from forestgis.tenancy.triggers import Audited


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("accounts", "0002_policies"),
        ("registry", "0001_initial"),
        ("roads", "0001_initial"),
        ("surveys", "0001_initial"),
    ]
    operations = [
        Audited("accounts_organisation", municipality="code5"),
        Audited(
            "accounts_user", municipality="", ignored=["last_login"], masked=["password"], confidential=True
        ),
        Audited(
            "accounts_apitoken",
            municipality="",
            ignored=["last_used_at"],
            masked=["token_hash"],
            confidential=True,
        ),
        Audited("registry_municipality", key="code", municipality="code"),
        Audited("registry_codetable", municipality=""),
        # 林班 follow from their 小班, whose shapes are written.
        Audited("registry_compartment", ignored=["geom", "geom_3857", "label_3857"]),
        Audited("registry_subcompartment"),
        Audited("registry_stand"),
        Audited("roads_segment"),
        Audited("surveys_batch"),
        Audited("surveys_publication"),
    ]
