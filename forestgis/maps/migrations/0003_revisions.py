"""Changes of what maps show, and of who may see it, raise revisions that kept tiles are checked against."""

from django.db import migrations

from forestgis.tenancy.triggers import Counted

TOPICS = {
    "registry": (
        "registry_edition",
        "registry_compartment",
        "registry_subcompartment",
        "registry_stand",
        "registry_codetable",
    ),
    "municipalities": ("registry_municipality",),
    "roads": ("roads_segment",),
    "surveys": (
        "surveys_publication",
        "surveys_run",
        "surveys_product",
        "surveys_zonevolume",
        "surveys_meshcell",
    ),
}


class Migration(migrations.Migration):
    dependencies = [
        ("maps", "0002_prepared"),
        ("tenancy", "0003_revision"),
        ("accounts", "0002_policies"),
        ("roads", "0001_initial"),
        ("surveys", "0001_initial"),
    ]
    operations = [
        *(Counted(table, topic) for topic, tables in TOPICS.items() for table in tables),
        Counted("accounts_organisation", "accounts"),
        Counted("accounts_user", "accounts", ignored=["last_login"]),
        Counted("accounts_apitoken", "accounts", ignored=["last_used_at"]),
    ]
