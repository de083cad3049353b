"""Revisions: numbers that tell whether something has changed."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0002_administrator")]
    operations = [
        migrations.RunSQL(
            (SQL / "0003_revision.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION tenancy.note_change() CASCADE; DROP TABLE tenancy.revision",
        )
    ]
