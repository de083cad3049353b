"""A register of 小班 with its rows brought in, against ogr2ogr writing the same shapefile to the same server.

A part of `script/bench registry`; alone: ``python -m bench.register_import --subcompartments 100000``. ogr2ogr runs before
and after the import and the faster of the two counts, so that what else the machine does harms the import alone.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyogrio
import shapely

from bench.databases import admin_address, use_register
from bench.measure import say

#: 足寄町, the largest municipality, and a year that nothing else uses.
TOWN, YEAR = "01647", 1999
_HEADINGS = (
    "KEYCODE", "面積", "森林の種類1コード", "林種コード", "樹種1コード", "樹種1比率", "樹種2コード", "樹種2比率",
    "林齢", "樹高", "HA当蓄積N", "HA当蓄積L", "傾斜", "代表地番", "複層区分コード",
)  # fmt: skip


def write_register(folder: Path, count: int) -> tuple[Path, Path]:
    """Write a fictitious shapefile of 小班 and its 調査簿, as an office would send them."""
    from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG, reprojected
    from forestgis.registry.domain.zones import epsg_of_zone
    from forestgis.registry.geometry import to_shapely
    from forestgis.registry.synthetic.partition import partition
    from forestgis.registry.synthetic.stands import storeys

    place = town()
    epsg = epsg_of_zone(place.zone)
    rng = np.random.default_rng(4)
    land = reprojected(to_shapely(place.geom), GEOGRAPHIC_EPSG, epsg)
    cells = partition(land, count, 0.5 * land.area / 10_000 / count, rng)
    keys = [
        f"199901{compartment:04d}{number:04d}"
        for compartment, number in zip(cells.compartment, cells.number, strict=True)
    ]
    shapes, table = folder / "小班.shp", folder / "調査簿.csv"
    pyogrio.raw.write(
        shapes,
        geometry=shapely.to_wkb(cells.polygons),
        field_data=[np.array(keys, dtype=object)],
        fields=["KEYCODE"],
        geometry_type="Polygon",
        crs=f"EPSG:{epsg}",
        encoding="cp932",
    )
    rows = storeys(cells.compartment, cells.number, 0, rng)
    with table.open("w", encoding="cp932", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_HEADINGS)
        figures = [np.nan_to_num(value).round(1) for value in
                   (rows.height_m, rows.conifer_m3ha, rows.broadleaf_m3ha)]  # fmt: skip
        columns: list[Any] = [
            [keys[cell] for cell in rows.cell], cells.area_ha[rows.cell].round(4), rows.protection,
            rows.forest_type, rows.species1, rows.share1, rows.species2, rows.share2, rows.age, *figures,
            rows.slope, rows.lot, rows.storey,
        ]  # fmt: skip
        writer.writerows(zip(*columns, strict=True))
    return shapes, table


def town() -> Any:  # noqa: ANN401
    """Return the municipality that the register is of."""
    from forestgis.registry.models import Municipality
    from forestgis.registry.operator import OPERATOR
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(OPERATOR):
        return Municipality.objects.get(pk=TOWN)


def ogr2ogr_s(shapes: Path, *options: str) -> float:
    """Return the seconds that ogr2ogr takes, with COPY and its spatial index."""
    command = [
        "ogr2ogr", "-f", "PostgreSQL", f"PG:{admin_address()}", str(shapes), "-nln", "bench_ogr2ogr",
        "-overwrite", "-nlt", "PROMOTE_TO_MULTI", "--config", "PG_USE_COPY", "YES", *options,
    ]  # fmt: skip
    began = perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - began


def import_s(shapes: Path, table: Path) -> float:
    """Return the seconds that the import takes."""
    from forestgis.registry import services
    from forestgis.registry.operator import OPERATOR
    from forestgis.tenancy.principal import acting_as

    began = perf_counter()
    with acting_as(OPERATOR):
        report = services.import_files(
            municipality=town(),
            edition=YEAR,
            path=shapes,
            rows=table,
            terms=services.Terms(dry_run=False, use=False),
        )
    if not report.stored:
        raise SystemExit(f"not stored: {report.to_dict()['faults'][:3]}")
    return perf_counter() - began


def clear() -> None:
    """Take the imported year and ogr2ogr's table away, as superuser."""
    import psycopg2

    with psycopg2.connect(admin_address()) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_ogr2ogr")
        cursor.execute(
            "DELETE FROM registry_stand USING registry_subcompartment s "
            "WHERE s.id = subcompartment_id AND s.municipality_code = %s AND s.edition = %s",
            [TOWN, YEAR],
        )
        for table, column in (
            ("registry_subcompartment", "edition"),
            ("registry_compartment", "edition"),
            ("registry_edition", "year"),
        ):
            statement = f"DELETE FROM {table} WHERE municipality_code = %s AND {column} = %s"  # noqa: S608 - names
            cursor.execute(statement, [TOWN, YEAR])


def written_elsewhere(folder: Path, count: int, rows: int) -> tuple[Path, Path]:
    """Write the register in a child process, so that its memory does not count as the import's."""
    command = [sys.executable, "-m", "bench.register_import", "--write", str(folder)]
    command += ["--subcompartments", str(count), "--rows", str(rows)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "小班.shp", folder / "調査簿.csv"


def measure(count: int, rows: int) -> dict[str, object]:
    """Return the figures of one run."""
    with tempfile.TemporaryDirectory(prefix="register-") as folder:
        shapes, table = written_elsewhere(Path(folder), count, rows)
        clear()
        before = ogr2ogr_s(shapes)
        spent = import_s(shapes, table)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        plain = min(before, ogr2ogr_s(shapes))
        reprojected = ogr2ogr_s(shapes, "-t_srs", "EPSG:6668")
        clear()
    return {
        "import_subcompartments": count,
        "import_s": round(spent, 1),
        "import_vs_ogr2ogr": round(plain / spent, 2),
        "import_vs_ogr2ogr_reprojecting": round(reprojected / spent, 2),
        "import_peak_mb": round(peak_mb),
    }


def in_own_process(count: int, rows: int) -> dict[str, Any]:
    """Measure in a child process, whose peak of memory is the import's own."""
    import json

    command = [sys.executable, "-m", "bench.register_import", "--subcompartments", str(count)]
    done = subprocess.run(
        [*command, "--rows", str(rows)], check=True, capture_output=True, text=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subcompartments", type=int, default=100_000)
    parser.add_argument(
        "--rows", type=int, default=2000, help="小班 that the database holds already"
    )
    parser.add_argument(
        "--write", type=Path, help="only write the register's files into this folder"
    )
    options = parser.parse_args()
    use_register(options.rows)
    if options.write:
        write_register(options.write, options.subcompartments)
    else:
        say(measure(options.subcompartments, options.rows))


if __name__ == "__main__":
    main()
