"""Extents of surveys, and the register against them; lots, notices and treatments raise revisions too."""

from pathlib import Path

from django.db import migrations

from forestgis.tenancy.triggers import Counted

SQL = Path(__file__).resolve().parent.parent / "sql" / "0004_survey_views.sql"


class Migration(migrations.Migration):
    dependencies = [("maps", "0003_revisions"), ("parcels", "0001_initial"), ("notices", "0001_initial")]
    operations = [
        migrations.RunSQL(
            SQL.read_text(encoding="utf-8"), "drop view map_register_difference, map_survey"
        ),
        Counted("parcels_parcel", "parcels"),
        Counted("parcels_ledger", "parcels"),
        Counted("notices_fellingnotice", "notices"),
        Counted("notices_treatment", "notices"),
    ]
