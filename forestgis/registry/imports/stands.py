"""Rows of a 森林調査簿 as CSV (UTF-8 with or without BOM, or cp932)."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from forestgis.registry.domain import keycode as keycodes
from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports import values
from forestgis.registry.imports.text import decoded

Parse = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A register column: its heading and what becomes of a cell."""

    heading: str
    field: str
    parse: Parse


@dataclass(frozen=True, slots=True)
class StandRow:
    """One storey of one 小班; `values` holds the fields of the model by name."""

    line: int
    keycode: str
    storey: int
    register_area_ha: Decimal | None
    values: dict[str, Any]


def _number(low: str, high: str) -> Parse:
    return lambda text: values.decimal_between(text, Decimal(low), Decimal(high))


def _whole(low: str, high: str) -> Parse:
    def parse(text: str) -> int | None:
        number = values.decimal_between(text, Decimal(low), Decimal(high))
        if number is not None and number != number.to_integral_value():
            raise ValueError(text)
        return None if number is None else int(number)

    return parse


def _code(width: int) -> Parse:
    return lambda text: values.code(text, width)


def _words(limit: int) -> Parse:
    return lambda text: values.text_up_to(text, limit)


_KEYCODE, _STOREY, _AREA = "KEYCODE", "複層区分コード", "面積"

#: Columns of 調査簿データ that are kept (北海道 森林計画関係資料 2024).
COLUMNS = (
    Column(_STOREY, "storey", _whole("1", "4")),
    Column(_AREA, "register_area_ha", _number("0", "99999")),
    Column("森林の種類1コード", "protection_code", _code(2)),
    Column("林種コード", "forest_type_code", _code(1)),
    Column("樹種1コード", "species1_code", _code(2)),
    Column("樹種1比率", "share1", _whole("0", "100")),
    Column("樹種2コード", "species2_code", _code(2)),
    Column("樹種2比率", "share2", _whole("0", "100")),
    Column("樹種3コード", "species3_code", _code(2)),
    Column("樹種3比率", "share3", _whole("0", "100")),
    Column("林齢", "age", _whole("0", "999")),
    Column("樹高", "height_m", _number("0", "60")),
    Column("HA当蓄積N", "stock_conifer_m3ha", _number("0", "3000")),
    Column("HA当蓄積L", "stock_broadleaf_m3ha", _number("0", "3000")),
    Column("傾斜", "slope_class", _words(8)),
    Column("代表地番", "lot", _words(40)),
)
#: Known columns that say nothing beyond KEYCODE or are computed.
_UNSTORED = frozenset({_KEYCODE, "林班", "小班"})


def read(path: Path) -> tuple[list[StandRow], list[Fault]]:
    """Read register rows and every fault in them.

    Parameters
    ----------
    path : Path
        CSV with a heading line; columns by name in any order, `KEYCODE` is required.

    Returns
    -------
    rows : list of StandRow
        Only rows without a refusing fault.
    faults : list of Fault

    Raises
    ------
    RefusedError
        If the file cannot be decoded or has no KEYCODE column.
    """
    lines = csv.reader(io.StringIO(decoded(path), newline=""))
    headings = [unicodedata.normalize("NFKC", cell).strip() for cell in next(lines, [])]
    if _KEYCODE not in headings:
        detail = "、".join(headings)
        raise RefusedError([Fault("no_column", path.name, 1, value=_KEYCODE, detail=detail)])
    known = {column.heading for column in COLUMNS} | _UNSTORED
    faults = [
        Fault("ignored_column", path.name, 1, value=heading)
        for heading in headings
        if heading and heading not in known
    ]
    rows: list[StandRow] = []
    for line, cells in _cells(lines, headings):
        row, found = _row(path.name, line, cells)
        faults += found
        if row is not None:
            rows.append(row)
    return rows, faults + _duplicates(path.name, rows)


def _cells(lines: Any, headings: list[str]) -> Iterator[tuple[int, dict[str, str]]]:  # noqa: ANN401
    """Line number and cells by heading; wholly empty lines are passed over."""
    for cells in lines:
        if any(cell.strip() for cell in cells):
            padded = [*cells, *([""] * (len(headings) - len(cells)))]
            yield lines.line_num, dict(zip(headings, padded, strict=False))


def _row(file: str, line: int, cells: dict[str, str]) -> tuple[StandRow | None, list[Fault]]:
    """One row, or the faults of all its cells."""
    faults: list[Fault] = []
    fields: dict[str, Any] = {}
    for column in COLUMNS:
        text = cells.get(column.heading, "")
        try:
            fields[column.field] = column.parse(text)
        except values.OutOfRangeError as error:
            faults.append(Fault("out_of_range", file, line, column.heading, text, str(error)))
        except ValueError:
            faults.append(Fault("bad_number", file, line, column.heading, text))
    try:
        key = keycodes.normalised(cells[_KEYCODE])
    except keycodes.KeycodeError:
        faults.append(Fault("bad_keycode", file, line, _KEYCODE, cells[_KEYCODE]))
    if faults:
        return None, faults
    area = fields.pop("register_area_ha")
    return StandRow(line, key, fields.pop("storey") or 1, area, fields), []


def _duplicates(file: str, rows: list[StandRow]) -> list[Fault]:
    """Later rows that repeat the KEYCODE and storey of an earlier one."""
    seen: set[tuple[str, int]] = set()
    faults = []
    for row in rows:
        identity = (row.keycode, row.storey)
        if identity in seen:
            value = f"{row.keycode} {row.storey}"
            faults.append(Fault("duplicate_row", file, row.line, _KEYCODE, value))
        seen.add(identity)
    return faults
