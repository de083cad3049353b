"""Polygons and register rows of one edition put together and checked against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports import polygons, stands, tables, vector
from forestgis.registry.imports.package import Package
from forestgis.registry.imports.polygons import Polygon
from forestgis.registry.imports.stands import StandRow

#: Register and drawn area of one 小班 rarely differ more without an error in one of them.
_AREA_TOLERANCE = Decimal("0.2")

#: Codes by table name, as the edition's code tables hold them.
Codes = Mapping[str, frozenset[str]]

_CODED_FIELDS = (
    ("species", "species1_code", "樹種1コード"),
    ("species", "species2_code", "樹種2コード"),
    ("species", "species3_code", "樹種3コード"),
    ("forest_type", "forest_type_code", "林種コード"),
    ("protection", "protection_code", "森林の種類1コード"),
)


@dataclass(slots=True)
class RegisterFiles:
    """One edition as read from its files, nothing stored yet."""

    polygons: list[Polygon] = field(default_factory=list)
    stands: dict[str, list[StandRow]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    #: Headings of the register and columns of the polygons, for whoever maps them.
    headings: list[str] = field(default_factory=list)
    polygon_columns: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of register rows."""
        return sum(len(rows) for rows in self.stands.values())


def read(
    package: Package,
    *,
    boundary: BaseGeometry,
    zone: int,
    codes: Codes,
    epsg: int | None = None,
    mapping: stands.Mapped | None = None,
) -> RegisterFiles:
    """Read both files and collect every fault; a file that cannot be used is one fault.

    Parameters
    ----------
    package : Package
        小班 polygons with KEYCODE, and the 森林調査簿. Without it the register's columns are
        taken from the polygons, if they have any.
    boundary, zone
        Area (EPSG:6668) and plane-rectangular zone of the municipality.
    codes : mapping
        Known codes; others are kept and warned of.
    epsg : int, optional
        CRS of the polygons when their file names none.
    mapping : mapping, optional
        Field to heading, of files whose headings are not the published ones.
    """
    files = RegisterFiles(faults=list(package.faults))
    mapped = dict(mapping or {})
    key_column = mapped.pop("polygon_keycode", None)
    carried = _Carried(mapped, keep=package.rows is None)
    try:
        files.polygons, found = polygons.read(
            package.polygons,
            boundary=boundary,
            zone=zone,
            epsg=epsg,
            key_column=key_column,
            watch=carried.take,
        )
        files.faults += found
    except RefusedError as error:
        files.faults += error.faults
    files.polygon_columns = carried.columns
    rows = package.rows
    if rows is not None:
        _read_rows(files, lambda: tables.read(rows), mapped, codes)
    elif carried.rows:
        mapped.setdefault("keycode", key_column or "KEYCODE")
        _read_rows(files, carried.table, mapped, codes)
    return files


class _Carried:
    """The register's columns of polygons that carry them themselves."""

    def __init__(self, mapped: stands.Mapped, *, keep: bool) -> None:
        self._wanted = {column.heading for column in stands.COLUMNS} | set(mapped.values())
        self._keep = keep
        self._name = ""
        self.columns: list[str] = []
        self.rows: list[tuple[int, Sequence[str]]] = []

    def take(self, source: vector.VectorFile) -> None:
        """Keep the rows of a block, if it has any column of the register beside the KEYCODE."""
        self._name, self.columns = source.name, source.columns
        if not self._keep or self._wanted.isdisjoint(source.columns):
            return
        cells = [map(tables.text_of, source.column(name)) for name in source.columns]
        self.rows += enumerate(zip(*cells, strict=True), source.first_line)

    def table(self) -> tables.Table:
        """Give the rows as those of a table."""
        return tables.Table(self._name, self.columns, iter(self.rows))


def _read_rows(
    files: RegisterFiles,
    opened: Callable[[], tables.Table],
    mapping: stands.Mapped,
    codes: Codes,
) -> None:
    """Add the register rows and what is wrong between them and the polygons."""
    try:
        table = opened()
        files.headings = table.headings
        rows, found = stands.rows_of(table, mapping)
    except RefusedError as error:
        files.faults += error.faults
        return
    by_key: dict[str, list[StandRow]] = defaultdict(list)
    for row in rows:
        by_key[row.keycode].append(row)
    files.stands = dict(by_key)
    files.faults += found + _unknown_codes(table.name, rows, codes)
    if files.polygons:
        files.faults += _unmatched(table.name, files) + _area_faults(table.name, files)


def _unknown_codes(file: str, rows: list[StandRow], codes: Codes) -> list[Fault]:
    """One warning per unknown code, at the first row that has it."""
    found: dict[tuple[str, str], Fault] = {}
    for row in rows:
        for table, name, heading in _CODED_FIELDS:
            value = row.values[name]
            if value and value not in codes.get(table, frozenset()):
                fault = Fault("unknown_code", file, row.line, heading, value)
                found.setdefault((table, value), fault)
    return list(found.values())


def _unmatched(file: str, files: RegisterFiles) -> list[Fault]:
    """Rows without a polygon stop the import, polygons without a row are warned of."""
    drawn = {polygon.keycode for polygon in files.polygons}
    lost = [
        Fault("row_without_polygon", file, rows[0].line, "KEYCODE", key)
        for key, rows in files.stands.items()
        if key not in drawn
    ]
    bare = sorted(drawn - files.stands.keys())
    return lost + [Fault("polygon_without_row", file, column="KEYCODE", value=key) for key in bare]


def _area_faults(file: str, files: RegisterFiles) -> list[Fault]:
    """Warn where register and drawn area contradict each other."""
    faults = []
    for polygon in files.polygons:
        for row in files.stands.get(polygon.keycode, [])[:1]:
            stated = row.register_area_ha
            if stated and abs(stated - polygon.area_ha) > _AREA_TOLERANCE * stated:
                detail = f"{polygon.area_ha} ha / {stated} ha"
                value = str(stated)
                faults.append(Fault("area_differs", file, row.line, "面積", value, detail))
    return faults
