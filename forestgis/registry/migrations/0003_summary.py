"""One narrow row a 小班 for search, lists and totals."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from forestgis.tenancy.policies import MapReadable, TenantTable

SQL = Path(__file__).resolve().parent.parent / "sql" / "0003_summary.sql"
DROP = """
DROP FUNCTION registry_keep_summary() CASCADE;
DROP FUNCTION registry_summarise(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_editions")]
    operations = [
        migrations.CreateModel(
            name="Summary",
            fields=[
                (
                    "subcompartment",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="summary",
                        serialize=False,
                        to="registry.subcompartment",
                    ),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        db_column="municipality_code",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registry.municipality",
                    ),
                ),
                ("edition", models.PositiveSmallIntegerField()),
                ("keycode", models.CharField(max_length=14)),
                ("compartment_number", models.PositiveIntegerField()),
                ("number", models.PositiveIntegerField()),
                ("area_m2", models.PositiveIntegerField()),
                ("storeys", models.PositiveSmallIntegerField()),
                ("protection_code", models.CharField(blank=True, max_length=2)),
                ("forest_type_code", models.CharField(blank=True, max_length=2)),
                ("species1_code", models.CharField(blank=True, max_length=2)),
                (
                    "species_codes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2), size=None
                    ),
                ),
                ("age", models.PositiveSmallIntegerField()),
                ("conifer_tenth_m3ha", models.IntegerField()),
                ("broadleaf_tenth_m3ha", models.IntegerField()),
                ("lot", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "verbose_name": "小班の概要",
                "indexes": [
                    models.Index(
                        fields=["municipality", "edition", "compartment_number", "number", "subcompartment"],
                        name="registry_summary_order",
                    ),
                    models.Index(fields=["compartment_number", "number"], name="registry_summary_number"),
                    models.Index(fields=["species1_code", "age"], name="registry_summary_species"),
                    models.Index(fields=["area_m2", "subcompartment"], name="registry_summary_area"),
                    models.Index(
                        fields=["broadleaf_tenth_m3ha", "subcompartment"], name="registry_summary_hardwood"
                    ),
                    models.Index(
                        fields=["species1_code", "broadleaf_tenth_m3ha", "subcompartment"],
                        name="registry_summary_by_hardwood",
                    ),
                ],
            },
        ),
        # Before the policies: the owner writes the rows of what is already there.
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), DROP),
        TenantTable("registry_summary"),
        # As of registry_stand: no lot number.
        MapReadable(
            "registry_summary",
            [
                "subcompartment_id", "municipality_code", "edition", "keycode", "compartment_number", "number",
                "area_m2", "storeys", "protection_code", "forest_type_code", "species1_code", "species_codes",
                "age", "conifer_tenth_m3ha", "broadleaf_tenth_m3ha",
            ],
        ),
    ]
