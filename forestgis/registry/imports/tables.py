"""Tables of offices as rows of text: XLSX, and CSV in UTF-8 or cp932."""

from __future__ import annotations

import csv
import io
import re
import string
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports.text import decoded

#: A sheet is read as a full rectangle, however few of its cells hold anything.
_CELLS_AT_MOST = 40_000_000
_ROWS_AT_MOST = 1 << 20
#: Of all parts of a workbook together, unpacked.
_BYTES_AT_MOST = 2 << 30
_CHUNK = 1 << 20
#: Column of a cell, with the row only where it is longer than a row number of six digits.
_CELL = re.compile(rb"""r=["']([A-Z]{1,3}(?:[0-9]{7,})?)""")

Row = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of one table; `rows` gives the line, as the user's program shows it, and the cells."""

    name: str
    headings: list[str]
    rows: Iterator[Row]


def read(path: Path) -> Table:
    """Open a table; its rows are read as they are asked for. Wholly empty rows are passed over.

    Raises
    ------
    RefusedError
        If the file is not what its name says, cannot be decoded, or is too large.
    """
    lines = _sheet(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    filled = ((line, cells) for line, cells in lines if any(cells))
    _line, first = next(filled, (0, []))
    headings = [unicodedata.normalize("NFKC", cell).strip() for cell in first]
    return Table(path.name, headings, filled)


def _csv(path: Path) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(decoded(path), newline=""))
    for cells in lines:
        if any(cell.strip() for cell in cells):
            yield lines.line_num, cells


def _sheet(path: Path) -> Iterator[Row]:
    """Rows of the first sheet that has any."""
    try:
        _check_extent(path)
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.start is not None:
                break
        else:
            return
        for line, cells in enumerate(sheet.iter_rows(), 1):
            yield line, [text_of(cell) for cell in cells]
    except (CalamineError, zipfile.BadZipFile, KeyError, OSError) as error:
        raise RefusedError([Fault("unreadable", path.name, detail=str(error))]) from error


def text_of(cell: Any) -> str:  # noqa: ANN401
    """Text of a cell: '' for an empty one, whole numbers without a point, days as 2024-04-01."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    return "" if cell is None else str(cell)


def _check_extent(path: Path) -> None:
    """Refuse a workbook that would not fit into memory: a few bytes can claim 17 thousand million cells.

    Reading each part to its end also checks its length and checksum.

    Raises
    ------
    RefusedError
    """
    room = _BYTES_AT_MOST
    with zipfile.ZipFile(path) as book:
        for entry in book.infolist():
            size, named = _cells_of(book, entry, room)
            room -= size
            rows = max([_ROWS_AT_MOST, *(_row(cell) for cell in named)])
            columns = max([0, *(_column(cell) for cell in named)])
            if room <= 0 or rows * columns > _CELLS_AT_MOST:
                detail = f"{entry.filename} {rows} × {columns}"
                raise RefusedError([Fault("too_many_cells", path.name, detail=detail)])


def _cells_of(book: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> tuple[int, set[bytes]]:
    """Size of a part up to the room there is, and the columns (and overlong rows) that its cells name."""
    size, named, rest = 0, set(), b""
    sheet = entry.filename.startswith("xl/worksheets/")
    with book.open(entry) as part:
        while size <= room and (chunk := part.read(_CHUNK)):
            size += len(chunk)
            if sheet:
                named.update(_CELL.findall(rest + chunk))
                rest = chunk[-24:]
    return size, named


def _row(cell: bytes) -> int:
    return int(cell.lstrip(string.ascii_uppercase.encode()) or 0)


def _column(cell: bytes) -> int:
    number = 0
    for letter in cell.rstrip(string.digits.encode()):
        number = number * 26 + letter - 64
    return number
