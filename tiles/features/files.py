"""Features as files that desktop programs keep: GeoPackage, and shapefile in a ZIP.

Rows come in batches and are appended, so that memory does not grow with their number. A row is the geometry as WKB,
easting first in every system as files have it, and the values of the fields.
"""

from __future__ import annotations

import codecs
import csv
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from numpy.typing import NDArray

from tiles.layer import Field, FieldType, Geometry, Layer
from tiles.ogc.crs import Crs

BATCH = 5000
_GEOMETRY_TYPES = {
    Geometry.MULTIPOLYGON: "MultiPolygon",
    Geometry.POLYGON: "Polygon",
    Geometry.MULTILINESTRING: "MultiLineString",
}
_DTYPES: dict[FieldType, str] = {
    FieldType.TEXT: "object",
    FieldType.INTEGER: "int64",
    FieldType.DECIMAL: "float64",
    FieldType.DATE: "datetime64[D]",
    FieldType.BOOLEAN: "bool",
}
_NOTHING: dict[FieldType, object] = {
    FieldType.INTEGER: 0,
    FieldType.DECIMAL: np.nan,
    FieldType.BOOLEAN: False,
}
_NAME_BYTES = 10  # of a dBASE field
_GETA = "〓"

Row = Sequence[Any]


def geopackage(
    path: Path, layer: Layer, fields: Sequence[Field], crs: Crs, batches: Iterable[Sequence[Row]]
) -> None:
    """Write the rows into a layer of a new GeoPackage; its description is the layer's title."""
    names = [field.name for field in fields]
    for number, rows in enumerate(_at_least_one(batches)):
        options = {} if number else {"DESCRIPTION": layer.title.ja, "IDENTIFIER": layer.name}
        _append(path, layer, fields, names, crs, rows, "GPKG", "UTF-8", options)


def shapefile(
    folder: Path,
    layer: Layer,
    fields: Sequence[Field],
    crs: Crs,
    batches: Iterable[Sequence[Row]],
    encoding: str = "UTF-8",
) -> Path:
    """Write the rows as a shapefile and return a ZIP of it, in an empty folder.

    dBASE knows names of ten letters only: `fields.csv` in the ZIP says what each stands for.

    Parameters
    ----------
    encoding : {"UTF-8", "CP932"}
        Of text. What CP932 cannot hold is written as the geta mark 〓.
    """
    names = short_names([field.name for field in fields])
    path = folder / f"{layer.name}.shp"
    for rows in _at_least_one(batches):
        _append(path, layer, fields, names, crs, rows, "ESRI Shapefile", encoding, {})
    _explain(folder / "fields.csv", fields, names)
    archive = folder / f"{layer.name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in [*sorted(folder.glob(f"{layer.name}.[!z]*")), folder / "fields.csv"]:
            packed.write(part, part.name)
    return archive


def short_names(names: Sequence[str]) -> list[str]:
    """Return names of at most ten letters, each once.

    >>> short_names(["hardwood_se_m3ha", "register_area_ha", "register_areas_ha", "age"])
    ['ha_se_m3ha', 'reg_are_1', 'reg_are_2', 'age']
    """
    short = [name if len(name) <= _NAME_BYTES else _abbreviated(name) for name in names]
    numbered, seen = [], dict.fromkeys(short, 0)
    for name in short:
        seen[name] += 1
        unique = short.count(name) == 1
        numbered.append(name if unique else f"{name[: _NAME_BYTES - 2]}_{seen[name]}")
    return numbered


def _abbreviated(name: str) -> str:
    """Return ten letters with something of every word of a name; the last, often a unit, is cut least."""
    *words, last = name.split("_")
    last = last[:4]
    share = max(1, (_NAME_BYTES - len(last) - len(words)) // max(1, len(words)))
    return "_".join([*(word[:share] for word in words), last])[:_NAME_BYTES]


def _at_least_one(batches: Iterable[Sequence[Row]]) -> Iterable[Sequence[Row]]:
    """Yield the batches, or an empty one: a file without features still has its fields."""
    found = False
    for rows in batches:
        found = True
        yield rows
    if not found:
        yield []


def _append(
    path: Path,
    layer: Layer,
    fields: Sequence[Field],
    names: Sequence[str],
    crs: Crs,
    rows: Sequence[Row],
    driver: str,
    encoding: str,
    options: dict[str, str],
) -> None:
    columns = list(zip(*rows, strict=True)) if rows else [()] * (1 + len(fields))
    geometry = np.array([None if value is None else bytes(value) for value in columns[0]], "object")
    data = [
        _column(field, values, encoding) for field, values in zip(fields, columns[1:], strict=True)
    ]
    pyogrio.raw.write(
        str(path),
        geometry,
        field_data=[values for values, _ in data],
        field_mask=[missing for _, missing in data],
        fields=list(names),
        layer=layer.name,
        driver=driver,
        geometry_type=_GEOMETRY_TYPES[layer.vector[0].geometry],
        crs=f"EPSG:{crs.srid}",
        encoding=encoding,
        append=path.exists(),
        layer_options=options,
    )


def _column(
    field: Field, values: Sequence[Any], encoding: str
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return the values as numpy has them, and which are missing where numpy cannot say so."""
    if field.type is FieldType.TEXT:
        kept = [value if value is None else _held(value, encoding) for value in values]
        return np.array(kept, "object"), None
    nothing = _NOTHING.get(field.type)
    known = [nothing if value is None else value for value in values]
    column = np.array(known, dtype=_DTYPES[field.type])
    if field.type in (FieldType.DATE, FieldType.DECIMAL):
        return column, None
    return column, np.array([value is None for value in values], "bool")


def _held(text: str, encoding: str) -> str:
    """Return the text with what the encoding cannot hold replaced."""
    return text.encode(encoding, "geta").decode(encoding) if encoding != "UTF-8" else text


def _geta(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return _GETA * (error.end - error.start), error.end


codecs.register_error("geta", _geta)


def _explain(path: Path, fields: Sequence[Field], names: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["field", "name", "項目", "label", "unit"])
        for field, name in zip(fields, names, strict=True):
            table.writerow([name, field.name, field.label.ja, field.label.en, field.unit])
