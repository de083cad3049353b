"""Prepared tables of the register for maps, the triggers that keep them up, and the views over them."""

from pathlib import Path

from django.db import migrations

from forestgis.tenancy.policies import MapReadable, PublicTable, TenantTable

SQL = Path(__file__).resolve().parent.parent / "sql"
VIEWS = "map_hardwood, map_subcompartment, map_compartment, map_forest, map_municipality"
FUNCTIONS = (
    "editions_changed, compartments_changed, subcompartments_changed, stands_changed, codes_changed,"
    "municipalities_changed, show_register, sum_up, store_forest, store_compartments, store_subcompartments,"
    "simplified, current_edition, species_group"
)
# Functions go with the triggers that call them.
DROP = "".join(
    [
        "drop view map_subcompartment_edition;",
        "drop table maps_subcompartment, maps_compartment, maps_forest, maps_municipality;",
        *(f"drop function maps_{name.strip()} cascade;" for name in FUNCTIONS.split(",")),
    ]
)
SUMMARY = ["area_ha", "species_group", "stock_broadleaf_m3ha", "stock_conifer_m3ha"]


def run(name: str, undo: str) -> migrations.RunSQL:
    return migrations.RunSQL((SQL / name).read_text(encoding="utf-8"), undo)


class Migration(migrations.Migration):
    dependencies = [("maps", "0001_views"), ("registry", "0002_editions")]
    operations = [
        # An earlier form of 0001_views had made some of them.
        migrations.RunSQL(f"drop view if exists {VIEWS}", migrations.RunSQL.noop),
        run("0002_prepared.sql", DROP),
        TenantTable("maps_subcompartment"),
        MapReadable(
            "maps_subcompartment",
            [
                "fid", "municipality_code", "edition", "keycode", "compartment_number", "label", "area_ha",
                "register_area_ha", "species_group", "species_code", "species", "forest_type_code", "forest_type",
                "protection_code", "protection", "age", "age_class", "stock_broadleaf_m3ha", "stock_conifer_m3ha",
                "geom", "geom_3857", "label_3857",
            ],
        ),
        TenantTable("maps_compartment"),
        MapReadable(
            "maps_compartment",
            [
                "fid", "municipality_code", "edition", "number", *SUMMARY,
                "geom", "geom_3857", "label_3857", "geom_z11", "geom_z9",
            ],
        ),
        TenantTable("maps_forest"),
        MapReadable("maps_forest", ["municipality_code", "edition", *SUMMARY, "geom_z8", "geom_z6"]),
        PublicTable("maps_municipality"),
        MapReadable("maps_municipality", ["code", "geom_z9", "geom_z6"]),
        run("0002_register_views.sql", f"drop view {VIEWS}"),
    ]
