"""Rows of a 森林調査簿: one storey of one 小班 each."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from forestgis.registry.domain import keycode as keycodes
from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports import tables, values
from forestgis.web.domain.eras import read_day

Parse = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A register column: its published heading, the field it fills, and what becomes of a cell."""

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


def _day(text: str) -> date | None:
    try:
        return read_day(values.cleaned(text))
    except ValueError as error:
        raise BadDateError(text) from error


class BadDateError(ValueError):
    """A cell that is no date."""


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
    Column("データ時点", "as_of", _day),
)
#: Fields that a saved mapping may name, KEYCODE first.
FIELDS = ("keycode", *(column.field for column in COLUMNS))
#: Known columns that say nothing beyond KEYCODE or are computed.
_UNSTORED = frozenset({_KEYCODE, "林班", "小班"})
#: Words in headings of personal data (個人情報): such columns never enter the register.
_PERSONAL = ("所有者", "氏名", "住所", "電話", "名義", "共有者", "連絡先")

#: Field -> heading in the file, for files with other headings than the published ones.
Mapped = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where in a row each wanted cell is."""

    keycode: int
    columns: tuple[tuple[int, Column], ...]


def read(path: Path, mapping: Mapped | None = None) -> tuple[list[StandRow], list[Fault]]:
    """Read register rows and every fault in them.

    Parameters
    ----------
    path : Path
        XLSX or CSV with a heading line; columns by name in any order, `KEYCODE` is required.
    mapping : mapping, optional
        Field to heading, where the file's headings are not the published ones.

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
    return rows_of(tables.read(path), mapping or {})


def rows_of(table: tables.Table, mapping: Mapped) -> tuple[list[StandRow], list[Fault]]:
    """Read register rows from an opened table; see `read`."""
    layout, faults = _layout(table, mapping)
    rows: list[StandRow] = []
    # Few different texts fill a column: each is parsed once.
    parsers = [(index, column, cache(column.parse)) for index, column in layout.columns]
    missing = {column.field: column.parse("") for column in COLUMNS}
    for line, cells in _padded(table):
        row, found = _row(table.name, line, cells, layout.keycode, parsers, missing)
        faults += found
        if row is not None:
            rows.append(row)
    return rows, faults + _duplicates(table.name, rows)


def _padded(table: tables.Table) -> Iterator[tuple[int, Sequence[str]]]:
    width = len(table.headings)
    for line, cells in table.rows:
        yield line, cells if len(cells) >= width else [*cells, *([""] * (width - len(cells)))]


def _layout(table: tables.Table, mapping: Mapped) -> tuple[_Layout, list[Fault]]:
    """Find the columns by their headings, as published or as mapped."""
    there = {heading: index for index, heading in reversed(list(enumerate(table.headings)))}
    wanted = {column: _normal(mapping.get(column.field, column.heading)) for column in COLUMNS}
    key = _normal(mapping.get("keycode", _KEYCODE))
    stated = {_normal(heading) for heading in mapping.values()}
    lost = [heading for heading in (key, *sorted(stated - {key})) if heading not in there]
    if lost and (key in lost or stated):
        detail = "、".join(table.headings)
        raise RefusedError(
            [Fault("no_column", table.name, 1, value=heading, detail=detail) for heading in lost]
        )
    known = {*wanted.values(), key} | _UNSTORED
    faults = [
        Fault(_unread(heading), table.name, 1, value=heading)
        for heading in table.headings
        if heading and heading not in known
    ]
    found = tuple((there[name], column) for column, name in wanted.items() if name in there)
    return _Layout(there[key], found), faults


def _normal(heading: str) -> str:
    return unicodedata.normalize("NFKC", heading).strip()


def _unread(heading: str) -> str:
    return "personal_column" if any(word in heading for word in _PERSONAL) else "ignored_column"


def _row(
    file: str,
    line: int,
    cells: Sequence[str],
    key_index: int,
    parsers: Sequence[tuple[int, Column, Parse]],
    missing: Mapping[str, Any],
) -> tuple[StandRow | None, list[Fault]]:
    """One row, or the faults of all its cells."""
    faults: list[Fault] = []
    fields = dict(missing)
    for index, column, parse in parsers:
        try:
            fields[column.field] = parse(cells[index])
        except ValueError as error:
            code, detail = _fault_code(error)
            faults.append(Fault(code, file, line, column.heading, cells[index], detail))
    try:
        key = keycodes.normalised(cells[key_index])
    except keycodes.KeycodeError:
        faults.append(Fault("bad_keycode", file, line, _KEYCODE, cells[key_index]))
    if faults:
        return None, faults
    area = fields.pop("register_area_ha")
    return StandRow(line, key, fields.pop("storey") or 1, area, fields), []


def _fault_code(error: ValueError) -> tuple[str, str]:
    """Fault and detail of a cell that cannot be read."""
    if isinstance(error, values.OutOfRangeError):
        return "out_of_range", str(error)
    return ("bad_date" if isinstance(error, BadDateError) else "bad_number"), ""


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
