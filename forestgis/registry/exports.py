"""What a search found as a file: spreadsheets and GeoPackage, in memory that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from django.db import transaction
from django.utils.translation import gettext as _

from forestgis.audit.services import record_read
from forestgis.registry.domain.search import Criteria, Sort
from forestgis.registry.models import GEOGRAPHIC_SRID, Subcompartment, Summary
from forestgis.registry.search_selectors import Hit, hits, ordered
from forestgis.tenancy.principal import current
from forestgis.web.exports import FORMATS, write_csv, write_xlsx

GEOPACKAGE = "gpkg"
#: Suffix and media type of each format.
KINDS = {**FORMATS, GEOPACKAGE: (GEOPACKAGE, "application/geopackage+sqlite3")}
_BATCH = 2_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its heading, its name in a GeoPackage, and how a row gives it."""

    heading: str
    name: str
    value: Callable[[Hit], Any]
    number: bool = False


def write(
    path: Path, criteria: Criteria, sort: Sort, kind: str, on_progress: Progress | None = None
) -> int:
    """Write what was found to a file, and note in the audit trail who took it out.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    on_progress : callable, optional
        Is told the number of rows after each batch.

    Returns
    -------
    int
        Number of 小班.
    """
    count = 0

    def counted(rows: Iterable[Hit]) -> Iterator[Hit]:
        nonlocal count
        for count, row in enumerate(rows, 1):
            if on_progress and count % _BATCH == 0:
                on_progress(count)
            yield row

    with transaction.atomic():
        rows = counted(hits(ordered(criteria, sort).iterator(chunk_size=_BATCH)))
        if kind == GEOPACKAGE:
            _write_geopackage(path, rows)
        else:
            _write_table(path, rows, kind)
        record_read(
            _("森林簿の書き出し"),
            Summary._meta.db_table,
            municipality_code=_only_municipality(criteria),
            rows=count,
        )
    return count


def _only_municipality(criteria: Criteria) -> str | None:
    """Return whose rows they are; None for those of several."""
    codes = (criteria.municipality,) if criteria.municipality else current().codes
    return codes[0] if len(codes) == 1 else None


def _columns() -> tuple[_Column, ...]:
    return (
        _Column(_("市町村コード"), "municipality_code", lambda hit: hit.municipality_code),
        _Column(_("市町村"), "municipality", lambda hit: hit.municipality),
        _Column(_("年度"), "edition", lambda hit: hit.edition, number=True),
        _Column("KEYCODE", "keycode", lambda hit: hit.keycode),
        _Column(_("林班"), "compartment", lambda hit: hit.compartment, number=True),
        _Column(_("小班"), "subcompartment", lambda hit: hit.number, number=True),
        _Column(_("林種"), "forest_type", lambda hit: hit.forest_type),
        _Column(_("森林の種類"), "protection", lambda hit: hit.protection),
        _Column(_("樹種"), "species", lambda hit: hit.species),
        _Column(_("ほかの樹種"), "other_species", lambda hit: "、".join(hit.other_species)),
        _Column(_("層数"), "storeys", lambda hit: hit.storeys, number=True),
        _Column(_("林齢"), "age", lambda hit: hit.age, number=True),
        _Column(_("齢級"), "age_class", lambda hit: hit.age_class, number=True),
        _Column(_("面積 (ha)"), "area_ha", lambda hit: hit.area_ha, number=True),
        _Column(_("針葉樹蓄積 (m3/ha)"), "conifer_m3ha", lambda hit: hit.conifer_m3ha, number=True),
        _Column(
            _("広葉樹蓄積 (m3/ha)"), "broadleaf_m3ha", lambda hit: hit.broadleaf_m3ha, number=True
        ),
        _Column(_("代表地番"), "lot", lambda hit: hit.lot),
    )


def _write_table(path: Path, rows: Iterable[Hit], kind: str) -> None:
    columns = _columns()
    headings = [column.heading for column in columns]
    cells = ([column.value(row) for column in columns] for row in rows)
    with path.open("wb") as file:
        if kind == "xlsx":
            write_xlsx(file, headings, cells)
        else:
            write_csv(file, headings, cells, sjis=kind == "csv-sjis")


def _write_geopackage(path: Path, rows: Iterator[Hit]) -> None:
    """Write a layer batch by batch; an empty one too."""
    columns = _columns()
    path.unlink(missing_ok=True)
    while (batch := list(islice(rows, _BATCH))) or not path.exists():
        pyogrio.raw.write(
            path,
            geometry=_shapes(batch),
            field_data=[_field(column, batch) for column in columns],
            fields=[column.name for column in columns],
            layer="register",
            driver="GPKG",
            geometry_type="MultiPolygon",
            crs=f"EPSG:{GEOGRAPHIC_SRID}",
            append=path.exists(),
        )


def _shapes(batch: list[Hit]) -> Any:  # noqa: ANN401
    shapes = dict(
        Subcompartment.objects.filter(pk__in=[row.pk for row in batch]).values_list("pk", "geom")
    )
    return np.array([bytes(shapes[row.pk].wkb) for row in batch], dtype=object)


def _field(column: _Column, batch: list[Hit]) -> Any:  # noqa: ANN401
    values = [column.value(row) for row in batch]
    if not column.number:
        return np.array(values, dtype=object)
    return np.array([np.nan if value is None else float(value) for value in values])
