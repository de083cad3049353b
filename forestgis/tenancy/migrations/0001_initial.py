"""The principal in the database: signing key, functions, and rights on Django's own tables."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            (SQL / "0001_principal.sql").read_text(encoding="utf-8"),
            "DROP SCHEMA tenancy CASCADE",
        )
    ]
