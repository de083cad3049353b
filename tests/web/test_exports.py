"""Files for spreadsheets: what comes out is what went in, and none of it is computed."""

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from forestgis.web.exports import table_response

ROWS = [
    ("=HYPERLINK(1)", Decimal("1.50"), date(2024, 4, 1)),
    ("＝1+1", -3, None),
    ("髙﨑𠮷", 0, None),
    ("-12", 1, None),
    ("改\n行", 2, None),
]


def content(kind):
    return b"".join(table_response("表", ["名", "数", "日"], iter(ROWS), kind).streaming_content)


@pytest.mark.parametrize(("kind", "encoding"), [("csv", "utf-8-sig"), ("csv-sjis", "cp932")])
def test_csv_is_read_back_and_no_cell_is_a_formula(kind, encoding):
    raw = content(kind)
    assert raw.startswith(b"\xef\xbb\xbf") == (kind == "csv")
    rows = list(csv.reader(io.StringIO(raw.decode(encoding), newline="")))
    assert rows[0] == ["名", "数", "日"]
    assert rows[1] == ["'=HYPERLINK(1)", "1.50", "2024-04-01"]
    assert [row[0] for row in rows[2:]] == [
        "'＝1+1", "髙﨑𠮷" if kind == "csv" else "髙﨑〓", "'-12", "改\n行",
    ]  # fmt: skip
    assert rows[2][1] == "-3"


def test_xlsx_keeps_types_and_text():
    sheet = openpyxl.load_workbook(io.BytesIO(content("xlsx"))).active
    assert [cell.value for cell in sheet["A"]] == ["名", *(row[0] for row in ROWS)]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert sheet["B2"].value == 1.5
    assert sheet["C2"].value.date() == date(2024, 4, 1)


def test_answer_names_the_file_and_is_kept_by_nobody():
    response = table_response("林地台帳", ["a"], [], "xlsx")
    assert "UTF-8''" in response["Content-Disposition"].replace("utf-8", "UTF-8")
    assert response["Cache-Control"] == "no-store"
