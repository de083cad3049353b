"""Columns that the trail ignores cost nothing."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "0003_columns.sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_tables")]
    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), migrations.RunSQL.noop)]
