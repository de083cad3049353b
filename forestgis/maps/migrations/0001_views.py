"""The layer views of roads and surveys."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "0001_views.sql"
DROP = "drop view map_raster_product, map_mesh20m, map_published_run, map_road"


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0001_initial"),
        ("roads", "0001_initial"),
        ("surveys", "0001_initial"),
    ]
    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), DROP)]
