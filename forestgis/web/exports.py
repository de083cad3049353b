"""Tables as files for spreadsheets: CSV in two encodings, XLSX. No cell of them can be read as a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import IO, Any, Literal

import xlsxwriter
from django.http import FileResponse
from django.utils.timezone import localtime

Format = Literal["csv", "csv-sjis", "xlsx"]
Cell = str | int | float | Decimal | date | datetime | bool | None
Row = Sequence[Cell]

#: Suffix and media type of each format.
FORMATS: dict[str, tuple[str, str]] = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "csv-sjis": ("csv", "text/csv; charset=Shift_JIS"),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
# A cell that begins with one of these is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Stands in cp932 for a character that it lacks (𠮷): printers' mark for a missing letter.
GETA = "〓"
_KEPT_IN_MEMORY = 2**20


def table_response(
    name: str, headings: Sequence[str], rows: Iterable[Row], kind: str
) -> FileResponse:
    """Answer a table as a file to keep.

    The rows are read at once, in the request's transaction, and written to a temporary file:
    an answer that is read later would see nothing of a municipality.

    Parameters
    ----------
    name : str
        File name without suffix.
    headings : sequence of str
    rows : iterable of sequences
        Cells in the order of the headings.
    kind : str
        One of `FORMATS`; anything else is taken as "csv".
    """
    suffix, media_type = FORMATS.get(kind, FORMATS["csv"])
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    if suffix == "xlsx":
        write_xlsx(file, headings, rows)
    else:
        write_csv(file, headings, rows, sjis=kind == "csv-sjis")
    file.seek(0)
    response = FileResponse(
        file, as_attachment=True, filename=f"{name}.{suffix}", content_type=media_type
    )
    response["Cache-Control"] = "no-store"
    return response


def harmless(text: str) -> str:
    """Return the text such that no spreadsheet computes it.

    Examples
    --------
    >>> harmless("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def write_csv(file: IO[bytes], headings: Sequence[str], rows: Iterable[Row], *, sjis: bool) -> None:
    """Write CSV: UTF-8 with the mark that spreadsheets look for, or cp932 with 〓 for what it lacks."""
    encoding = "cp932" if sjis else "utf-8-sig"
    text = io.TextIOWrapper(
        file, encoding=encoding, newline="", errors="strict", write_through=True
    )
    writer = csv.writer(text)
    for row in chain([headings], rows):
        writer.writerow([_text(cell, sjis=sjis) for cell in row])
    text.detach()


def _text(cell: Cell, *, sjis: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{localtime(cell):%Y-%m-%d %H:%M}"
    if not isinstance(cell, str):
        return str(cell)
    text = harmless(cell)
    return text if not sjis else "".join(map(_in_cp932, text))


def _in_cp932(character: str) -> str:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return GETA
    return character


def write_xlsx(file: IO[bytes], headings: Sequence[str], rows: Iterable[Row]) -> None:
    """Write XLSX in memory that does not grow with the rows; text is text, whatever it begins with."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(headings) - 1, 16)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, bold)
        for line, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                _write(sheet, line, column, cell, day, moment)


def _write(sheet: Any, line: int, column: int, cell: Cell, day: Any, moment: Any) -> None:  # noqa: ANN401
    if cell is None:
        return
    if isinstance(cell, datetime):
        sheet.write_datetime(line, column, localtime(cell).replace(tzinfo=None), moment)
    elif isinstance(cell, date):
        sheet.write_datetime(line, column, cell, day)
    elif isinstance(cell, bool):
        sheet.write_boolean(line, column, cell)
    elif isinstance(cell, (int, float, Decimal)):
        sheet.write_number(line, column, cell)
    else:
        sheet.write_string(line, column, cell)
