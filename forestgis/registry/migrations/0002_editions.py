"""Editions with a state; projections that an import may bring along; no constraint or index twice."""

from pathlib import Path

import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.db import migrations, models

from forestgis.tenancy.policies import MapReadable, TenantTable
from forestgis.tenancy.triggers import Audited

SQL = Path(__file__).resolve().parent.parent / "sql" / "0002_editions.sql"
DROP = """
DROP TRIGGER note_edition ON registry_subcompartment;
DROP FUNCTION registry_note_edition();
DROP FUNCTION registry_project() CASCADE;
"""
AUDITED = ("registry_compartment", "registry_subcompartment")


def municipality(**options):
    return models.ForeignKey(
        db_column="municipality_code",
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="registry.municipality",
        **options,
    )


def projected(model):
    """The columns are plain now; PostgreSQL drops the expression and keeps the values."""
    return [
        migrations.AlterField(
            model_name=model,
            name="geom_3857",
            field=django.contrib.gis.db.models.fields.MultiPolygonField(
                editable=False, null=True, spatial_index=False, srid=3857
            ),
        ),
        migrations.AlterField(
            model_name=model,
            name="label_3857",
            field=django.contrib.gis.db.models.fields.PointField(
                editable=False, null=True, spatial_index=False, srid=3857
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("audit", "0002_tables")]
    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField(verbose_name="年度")),
                (
                    "state",
                    models.CharField(
                        choices=[("loaded", "取込済み"), ("current", "現行"), ("withdrawn", "取下げ")],
                        default="loaded",
                        max_length=9,
                        verbose_name="状態",
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=255, verbose_name="ファイル")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("loaded_at", models.DateTimeField(blank=True, null=True, verbose_name="取込日時")),
                ("municipality", municipality()),
            ],
            options={
                "verbose_name": "森林簿の年度",
                "ordering": ("municipality", "-year"),
                "constraints": (
                    models.UniqueConstraint(fields=("municipality", "year"), name="registry_edition_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "current")),
                        fields=("municipality",),
                        name="registry_edition_one_current",
                    ),
                ),
            },
        ),
        migrations.AlterField("compartment", "municipality", municipality()),
        migrations.AlterField("subcompartment", "municipality", municipality()),
        migrations.AlterField("stand", "municipality", municipality(db_constraint=False)),
        migrations.AlterField(
            "stand",
            "subcompartment",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="stands",
                to="registry.subcompartment",
            ),
        ),
        migrations.AddIndex(
            "stand", models.Index(fields=["municipality"], name="registry_stand_municipality")
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[*projected("compartment"), *projected("subcompartment")],
            database_operations=[migrations.RunSQL(SQL.read_text(encoding="utf-8"), DROP)],
        ),
        TenantTable("registry_edition"),
        MapReadable("registry_edition", ["id", "municipality_code", "year", "state"]),
        Audited("registry_edition"),
        # No longer generated, and still no news: they follow from geom.
        *(
            migrations.RunSQL(
                "".join(f"DROP TRIGGER audit_{command} ON {table};" for command in ("insert", "update", "delete")),
                migrations.RunSQL.noop,
            )
            for table in AUDITED
        ),
        *(Audited(table, ignored=["geom_3857", "label_3857"]) for table in AUDITED),
    ]
