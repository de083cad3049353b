"""Writing a fictitious register to the database, municipality by municipality."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np
import shapely
from django.db import connection, transaction
from numpy.typing import NDArray
from shapely.geometry import GeometryCollection
from shapely.geometry.base import BaseGeometry

from forestgis.registry import selectors
from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG, reprojected
from forestgis.registry.domain.zones import epsg_of_zone
from forestgis.registry.geometry import to_shapely
from forestgis.registry.imports.polygons import multipolygon
from forestgis.registry.models import Municipality
from forestgis.registry.services.summaries import summarised_once
from forestgis.registry.synthetic.partition import Partition, partition
from forestgis.registry.synthetic.stands import Storeys, storeys

BASE_YEAR = 2024
#: Mean 小班 where there is room for it; with more of them they get smaller.
MEAN_AREA_HA = 4.5
_WOODED = 0.65

Progress = Callable[[str, int, int], None]

_STAGE = """
    CREATE TEMPORARY TABLE new_cell (
        keycode varchar, compartment integer, number integer, area_ha numeric,
        register_area_ha numeric, geom geometry(MultiPolygon, 6668)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE new_compartment (
        number integer, geom geometry(MultiPolygon, 6668)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE new_stand (
        keycode varchar, storey smallint, protection varchar, forest_type varchar,
        species1 varchar, share1 smallint, species2 varchar, share2 smallint, age smallint,
        height_m numeric, conifer numeric, broadleaf numeric, slope varchar, lot varchar
    ) ON COMMIT DROP;
"""
# Rows pass through temporary tables because COPY does not write to a table with policies. 林班 come last: with them an
# edition is whole, and maps are prepared from it once.
_STORE = """
    INSERT INTO registry_subcompartment (
        municipality_code, edition, keycode, compartment_number, number, geom, area_ha,
        register_area_ha
    )
    SELECT %(code)s, %(edition)s, keycode, compartment, number, geom, area_ha, register_area_ha
    FROM new_cell;

    INSERT INTO registry_stand (
        subcompartment_id, municipality_code, storey, protection_code, forest_type_code,
        species1_code, share1, species2_code, share2, species3_code, age, height_m,
        stock_conifer_m3ha, stock_broadleaf_m3ha, slope_class, lot
    )
    SELECT s.id, s.municipality_code, t.storey, t.protection, t.forest_type,
           coalesce(t.species1, ''), t.share1, coalesce(t.species2, ''), t.share2, '', t.age,
           t.height_m, t.conifer, t.broadleaf, t.slope, t.lot
    FROM new_stand t
    JOIN registry_subcompartment s
        ON s.municipality_code = %(code)s AND s.edition = %(edition)s AND s.keycode = t.keycode;

    INSERT INTO registry_compartment (municipality_code, edition, number, geom)
    SELECT %(code)s, %(edition)s, number, geom FROM new_compartment;
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many 小班 a municipality gets, and the first four digits of their KEYCODE."""

    municipality: Municipality
    count: int
    prefix: str


def plan(count: int, codes: Sequence[str] = ()) -> list[Plan]:
    """Share `count` 小班 among municipalities by their area.

    Parameters
    ----------
    codes : sequence of str
        5-digit codes; all municipalities when empty.

    Raises
    ------
    ValueError
        If there is no such municipality.
    """
    everyone = list(Municipality.objects.defer("geom_3857", "label_3857"))
    if unknown := set(codes) - {m.code for m in everyone}:
        raise ValueError(f"no municipality {', '.join(sorted(unknown))}")
    chosen = [m for m in everyone if not codes or m.code in codes]
    if not chosen:
        raise ValueError("no municipalities are loaded")
    areas = np.array([_land(m).area for m in chosen])
    until = np.round(np.cumsum(areas) / areas.sum() * count).astype(int)
    counts = np.diff(until, prepend=0).tolist()
    prefixes = _prefixes(everyone)
    return [Plan(m, n, prefixes[m.code]) for m, n in zip(chosen, counts, strict=True) if n]


def fitting_area_ha(plans: Iterable[Plan]) -> float:
    """Return the mean size with which so many 小班 leave room for fields and towns."""
    plans = list(plans)
    land_ha = sum(_land(p.municipality).area for p in plans) / 10_000
    return min(MEAN_AREA_HA, _WOODED * land_ha / sum(p.count for p in plans))


def generate(
    plans: Sequence[Plan],
    *,
    edition: int,
    seed: int,
    mean_area_ha: float,
    on_progress: Progress | None = None,
) -> int:
    """Store the 小班 of the plans and return how many were new.

    Each municipality is one transaction. One that has the edition already is left as it is,
    so that a run which was cut short can be taken up again with the same arguments.

    Raises
    ------
    NoRoomError
        If a municipality has no room for its share.
    """
    stored = 0
    for done, item in enumerate(plans):
        if on_progress:
            on_progress(item.municipality.code, done, len(plans))
        with transaction.atomic():
            if selectors.has_edition(item.municipality.code, edition):
                continue
            with summarised_once(item.municipality.code, edition):
                _store(item, edition, *_drawn(item, edition, seed, mean_area_ha))
            stored += item.count
    return stored


def _drawn(item: Plan, edition: int, seed: int, mean_area_ha: float) -> tuple[Partition, Storeys]:
    rng = np.random.default_rng([seed, int(item.municipality.code)])
    cells = partition(_land(item.municipality), item.count, mean_area_ha, rng)
    return cells, storeys(cells.compartment, cells.number, edition - BASE_YEAR, rng)


def _land(municipality: Municipality) -> BaseGeometry:
    """Return the municipality's area in metres of its zone."""
    return reprojected(
        to_shapely(municipality.geom), GEOGRAPHIC_EPSG, epsg_of_zone(municipality.zone)
    )


def _prefixes(everyone: Sequence[Municipality]) -> dict[str, str]:
    """Return bureau and municipality numbers of KEYCODEs, counted in the order of the codes.

    They are the generator's own and not those of the real register.
    """
    bureaus: dict[str, list[str]] = {}
    for municipality in sorted(everyone, key=lambda m: m.code):
        bureaus.setdefault(municipality.bureau, []).append(municipality.code)
    return {
        code: f"{bureau:02d}{number:02d}"
        for bureau, codes in enumerate(bureaus.values(), 1)
        for number, code in enumerate(codes, 1)
    }


def _store(item: Plan, edition: int, cells: Partition, rows: Storeys) -> None:
    keycodes = _keycodes(item.prefix, cells)
    degrees = _in_degrees(cells.polygons, item.municipality.zone)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        for table, lines in (
            ("new_cell", _cell_lines(keycodes, cells, degrees)),
            ("new_compartment", _compartment_lines(cells.compartment, degrees)),
            ("new_stand", _stand_lines(keycodes, rows)),
        ):
            cursor.cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv)", _csv(lines))
        cursor.execute(_STORE, {"code": item.municipality.code, "edition": edition})


def _keycodes(prefix: str, cells: Partition) -> list[str]:
    """Return 14-digit KEYCODEs; the 図郭 changes every hundred compartments."""
    return [
        f"{prefix}{compartment // 100 % 100:02d}{compartment:04d}{number:04d}"
        for compartment, number in zip(
            cells.compartment.tolist(), cells.number.tolist(), strict=True
        )
    ]


def _in_degrees(polygons: NDArray[np.object_], zone: int) -> NDArray[np.object_]:
    """Reproject all corners one by one: neighbours keep the same ones."""
    collection = GeometryCollection(polygons.tolist())
    projected = reprojected(collection, epsg_of_zone(zone), GEOGRAPHIC_EPSG)
    return np.asarray(shapely.get_parts(projected), dtype=object)


def _cell_lines(
    keycodes: list[str], cells: Partition, degrees: NDArray[np.object_]
) -> Iterable[tuple[object, ...]]:
    shapes = shapely.multipolygons(degrees, indices=np.arange(len(degrees)))
    area_ha = np.round(cells.area_ha, 4)
    register_area_ha = np.round(cells.area_ha * (1 + 0.03 * np.sin(cells.number)), 2)
    return zip(
        keycodes,
        cells.compartment.tolist(),
        cells.number.tolist(),
        area_ha.tolist(),
        register_area_ha.tolist(),
        shapely.to_wkb(shapes, hex=True),
        strict=True,
    )


def _compartment_lines(
    compartment: NDArray[np.int64], degrees: NDArray[np.object_]
) -> Iterable[tuple[object, ...]]:
    """Dissolve the 小班 of each 林班; they come in its order."""
    numbers, first = np.unique(compartment, return_index=True)
    for number, members in zip(numbers.tolist(), np.split(degrees, first[1:]), strict=True):
        yield number, shapely.to_wkb(multipolygon(shapely.coverage_union_all(members)), hex=True)


def _stand_lines(keycodes: list[str], rows: Storeys) -> Iterable[tuple[object, ...]]:
    return zip(
        [keycodes[cell] for cell in rows.cell.tolist()],
        rows.storey.tolist(),
        rows.protection.tolist(),
        rows.forest_type.tolist(),
        rows.species1.tolist(),
        _or_empty(rows.share1),
        rows.species2.tolist(),
        _or_empty(rows.share2),
        _or_empty(rows.age),
        *(
            [None if figure != figure else round(figure, 1) for figure in figures.tolist()]
            for figures in (rows.height_m, rows.conifer_m3ha, rows.broadleaf_m3ha)
        ),
        rows.slope.tolist(),
        rows.lot.tolist(),
        strict=True,
    )


def _or_empty(values: NDArray[np.int64]) -> list[int | None]:
    return [value or None for value in values.tolist()]


def _csv(lines: Iterable[tuple[object, ...]]) -> StringIO:
    text = StringIO()
    csv.writer(text).writerows(lines)
    text.seek(0)
    return text
