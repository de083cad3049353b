"""An edition on its way into the register: staged by COPY, compared and stored by whole sets.

The runtime role cannot COPY into tables under row-level security, so rows go into temporary
tables first, which write no log, and from there by INSERT and UPDATE through the policies.
Rows that stay the same are not touched: they keep their keys, and with them their history
and whatever refers to them.
"""
# Statements are put together from this module's names of columns; values are parameters or copied.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from django.db import connection
from django.db.models import Model
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG, web_mercator
from forestgis.registry.domain.keycode import parse
from forestgis.registry.imports.polygons import Polygon, compartments
from forestgis.registry.imports.register import RegisterFiles
from forestgis.registry.models import WEB_SRID, Compartment, Stand, Subcompartment
from forestgis.registry.selectors import STAND_FIELDS

Progress = Callable[[int, int, str], None]

_BLOCK = 4000
_SHAPE = ("geom", "geom_3857", "label_3857")
_SUBCOMPARTMENT = (
    "keycode",
    "compartment_number",
    "number",
    "area_ha",
    "register_area_ha",
    *_SHAPE,
)
_COMPARTMENT = ("number", *_SHAPE)
_STAND = ("storey", *STAND_FIELDS)

# Columns take the types of the tables they are meant for; nothing else of them is copied.
_STAGE = f"""
    DROP TABLE IF EXISTS pg_temp.staged_subcompartment, pg_temp.staged_compartment, pg_temp.staged_stand;
    CREATE TEMPORARY TABLE staged_subcompartment ON COMMIT DROP AS
        SELECT {", ".join(_SUBCOMPARTMENT)} FROM registry_subcompartment WITH NO DATA;
    CREATE TEMPORARY TABLE staged_compartment ON COMMIT DROP AS
        SELECT {", ".join(_COMPARTMENT)} FROM registry_compartment WITH NO DATA;
    CREATE TEMPORARY TABLE staged_stand ON COMMIT DROP AS
        SELECT s.keycode, {", ".join(f"t.{name}" for name in _STAND)}
        FROM registry_stand t CROSS JOIN registry_subcompartment s WITH NO DATA;
"""
_OF_EDITION = "municipality_code = %(code)s AND edition = %(edition)s"
_STORED_STANDS = f"""
    SELECT s.keycode, {", ".join(f"t.{name}" for name in _STAND)}
    FROM registry_stand t JOIN registry_subcompartment s ON s.id = t.subcompartment_id
    WHERE s.municipality_code = %(code)s AND s.edition = %(edition)s
"""
_COMPARE = f"""
    WITH stored AS (SELECT keycode, geom, register_area_ha FROM registry_subcompartment WHERE {_OF_EDITION}),
    stored_stands AS ({_STORED_STANDS}),
    restocked AS (
        SELECT keycode FROM (TABLE staged_stand EXCEPT TABLE stored_stands) added
        UNION SELECT keycode FROM (TABLE stored_stands EXCEPT TABLE staged_stand) gone
    )
    SELECT count(*) FILTER (WHERE stored.keycode IS NULL),
           count(*) FILTER (WHERE staged.keycode IS NULL),
           count(*) FILTER (
               WHERE staged.keycode IS NOT NULL AND stored.keycode IS NOT NULL
                 AND (staged.geom IS DISTINCT FROM stored.geom
                      OR staged.register_area_ha IS DISTINCT FROM stored.register_area_ha
                      OR keycode IN (SELECT keycode FROM restocked)))
    FROM staged_subcompartment staged FULL JOIN stored USING (keycode)
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many 小班 the staged edition adds to a stored one, changes, and leaves out."""

    new: int
    removed: int
    changed: int


def stage(files: RegisterFiles, on_progress: Progress) -> None:
    """Put an edition into temporary tables of the open transaction, in place of what was there."""
    total = len(files.polygons)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
    _copy("staged_subcompartment", _SUBCOMPARTMENT, _subcompartment_lines(files, on_progress))
    _copy("staged_compartment", _COMPARTMENT, _compartment_lines(files.polygons))
    _copy("staged_stand", ("keycode", *_STAND), _stand_lines(files))
    on_progress(total, total, "stage")


def compare(municipality_code: str, edition: int) -> Comparison:
    """Compare what is staged with a stored edition."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, {"code": municipality_code, "edition": edition})
        return Comparison(*cursor.fetchone())


def store(municipality_code: str, edition: int) -> None:
    """Make the stored edition what is staged."""
    params: dict[str, str | int] = {"code": municipality_code, "edition": edition}
    _execute(_NOTE_STORED, params)
    _remove()
    for statement in (*_UPDATE, *_INSERT):
        _execute(statement, params)


def _execute(statement: str, params: dict[str, str | int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def _remove() -> None:
    """Delete what is no longer there, with whatever of other tables hangs on it."""
    models: tuple[type[Model], ...] = (Subcompartment, Stand, Compartment)
    for model, query in zip(models, _GONE, strict=True):
        with connection.cursor() as cursor:
            cursor.execute(query)
            gone = [key for (key,) in cursor.fetchall()]
        if gone:
            model._default_manager.filter(pk__in=gone).delete()


def _listed(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{name}" for name in names)


def _assigned(names: Iterable[str]) -> str:
    return ", ".join(f"{name} = g.{name}" for name in names)


# The planner knows these tables' sizes; it knows nothing of rows that this transaction has just put into the register,
# and would look each of them up one by one.
_NOTE_STORED = f"""
    DROP TABLE IF EXISTS pg_temp.stored_subcompartment, pg_temp.stored_compartment, pg_temp.stored_stand;
    CREATE TEMPORARY TABLE stored_subcompartment ON COMMIT DROP AS
        SELECT id, keycode FROM registry_subcompartment WHERE {_OF_EDITION};
    CREATE TEMPORARY TABLE stored_compartment ON COMMIT DROP AS
        SELECT id, number FROM registry_compartment WHERE {_OF_EDITION};
    ANALYZE stored_subcompartment, stored_compartment;
    CREATE TEMPORARY TABLE stored_stand ON COMMIT DROP AS
        SELECT t.id, s.keycode, t.storey
        FROM stored_subcompartment s JOIN registry_stand t ON t.subcompartment_id = s.id;
    ANALYZE stored_stand;
"""
_GONE = (
    "SELECT id FROM stored_subcompartment LEFT JOIN staged_subcompartment g USING (keycode) WHERE g.keycode IS NULL",
    "SELECT id FROM stored_stand LEFT JOIN staged_stand g USING (keycode, storey) WHERE g.keycode IS NULL",
    "SELECT id FROM stored_compartment LEFT JOIN staged_compartment g USING (number) WHERE g.number IS NULL",
)
_FACTS = ("area_ha", "register_area_ha", "geom")
_UPDATE = (
    f"""
    UPDATE registry_subcompartment s SET {_assigned((*_FACTS, "geom_3857", "label_3857"))}
    FROM staged_subcompartment g JOIN stored_subcompartment o USING (keycode)
    WHERE s.id = o.id AND ({_listed(_FACTS, "s.")}) IS DISTINCT FROM ({_listed(_FACTS, "g.")})
    """,
    f"""
    UPDATE registry_compartment c SET {_assigned(_SHAPE)}
    FROM staged_compartment g JOIN stored_compartment o USING (number)
    WHERE c.id = o.id AND c.geom IS DISTINCT FROM g.geom
    """,
    f"""
    UPDATE registry_stand t SET {_assigned(STAND_FIELDS)}
    FROM staged_stand g JOIN stored_stand o USING (keycode, storey)
    WHERE t.id = o.id AND ({_listed(STAND_FIELDS, "t.")}) IS DISTINCT FROM ({_listed(STAND_FIELDS, "g.")})
    """,
)
_INSERT = (
    f"""
    INSERT INTO registry_subcompartment (municipality_code, edition, {_listed(_SUBCOMPARTMENT)})
    SELECT %(code)s, %(edition)s, {_listed(_SUBCOMPARTMENT, "g.")}
    FROM staged_subcompartment g LEFT JOIN stored_subcompartment o USING (keycode) WHERE o.id IS NULL
    """,
    f"""
    INSERT INTO registry_compartment (municipality_code, edition, {_listed(_COMPARTMENT)})
    SELECT %(code)s, %(edition)s, {_listed(_COMPARTMENT, "g.")}
    FROM staged_compartment g LEFT JOIN stored_compartment o USING (number) WHERE o.id IS NULL
    """,
    f"""
    DROP TABLE IF EXISTS pg_temp.edition_key;
    CREATE TEMPORARY TABLE edition_key ON COMMIT DROP AS
        SELECT id, keycode FROM registry_subcompartment WHERE {_OF_EDITION};
    ANALYZE edition_key;
    """,
    f"""
    INSERT INTO registry_stand (subcompartment_id, municipality_code, {_listed(_STAND)})
    SELECT s.id, %(code)s, {_listed(_STAND, "g.")}
    FROM staged_stand g JOIN edition_key s USING (keycode) LEFT JOIN stored_stand o USING (keycode, storey)
    WHERE o.id IS NULL
    """,
)


# --- lines for COPY ------------------------------------------------------------------


class _Lines:
    """Blocks of lines as the file that psycopg2's COPY reads."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks

    def read(self, size: int) -> str:
        """Return the next block, whatever its size; '' at the end."""
        return next(self._blocks, "")


def _copy(table: str, columns: Iterable[str], blocks: Iterator[str]) -> None:
    with connection.cursor() as cursor:
        statement = f"COPY {table} ({_listed(columns)}) FROM STDIN"
        cursor.cursor.copy_expert(statement, _Lines(blocks))
        cursor.execute(f"ANALYZE {table}")


def _subcompartment_lines(files: RegisterFiles, on_progress: Progress) -> Iterator[str]:
    for done in range(0, len(files.polygons), _BLOCK):
        on_progress(done, len(files.polygons), "stage")
        block = files.polygons[done : done + _BLOCK]
        shapes = _shapes([polygon.geom for polygon in block])
        yield "".join(
            _subcompartment_line(polygon, files, shape)
            for polygon, shape in zip(block, shapes, strict=True)
        )


def _subcompartment_line(polygon: Polygon, files: RegisterFiles, shape: str) -> str:
    """One row; the register's area is that of the first storey, since storeys share it."""
    key = parse(polygon.keycode)
    rows = files.stands.get(polygon.keycode, ())
    area = min(rows, key=lambda row: row.storey).register_area_ha if rows else None
    numbers = f"{polygon.keycode}\t{key.compartment}\t{key.subcompartment}"
    return f"{numbers}\t{polygon.area_ha}\t{_cell(area)}\t{shape}\n"


def _compartment_lines(polygons: list[Polygon]) -> Iterator[str]:
    united = compartments(polygons)
    shapes = _shapes(list(united.values()))
    yield "".join(f"{number}\t{shape}\n" for number, shape in zip(united, shapes, strict=True))


def _stand_lines(files: RegisterFiles) -> Iterator[str]:
    for keycode, rows in files.stands.items():
        yield "".join(
            "\t".join(
                (keycode, str(row.storey), *(_cell(row.values[name]) for name in STAND_FIELDS))
            )
            + "\n"
            for row in rows
        )


def _shapes(geoms: list[MultiPolygon]) -> Iterator[str]:
    """Shape, its projection and its label point, as three cells of EWKB."""
    degrees = np.array(geoms, dtype=object)
    projected = web_mercator(degrees)
    columns = (
        _ewkb(degrees, GEOGRAPHIC_EPSG),
        _ewkb(projected, WEB_SRID),
        _ewkb(np.asarray(shapely.point_on_surface(projected)), WEB_SRID),
    )
    return map("\t".join, zip(*columns, strict=True))


def _ewkb(geoms: NDArray[np.object_], srid: int) -> list[str]:
    marked = shapely.set_srid(geoms, srid)
    return [wkb.hex() for wkb in shapely.to_wkb(marked, include_srid=True)]


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
