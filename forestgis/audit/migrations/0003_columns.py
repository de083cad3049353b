"""Columns that the trail ignores cost nothing; 林班, which follow from their 小班, are written without their shapes."""

from pathlib import Path

from django.db import migrations

from forestgis.tenancy.policies import Audited

SQL = Path(__file__).resolve().parent.parent / "sql" / "0003_columns.sql"
DROP = "".join(
    f"DROP TRIGGER audit_{command} ON registry_compartment;" for command in ("insert", "update", "delete")
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_tables"), ("registry", "0002_editions")]
    operations = [
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), migrations.RunSQL.noop),
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
        Audited("registry_compartment", ignored=["geom", "geom_3857", "label_3857"]),
    ]
