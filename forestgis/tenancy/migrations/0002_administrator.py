"""The principal says who administers."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (SQL / "0002_administrator.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION tenancy.is_administrator()",
        )
    ]
