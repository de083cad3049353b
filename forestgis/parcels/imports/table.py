"""CSV of an office as lines of named cells."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports.text import decoded
from forestgis.registry.imports.values import OutOfRangeError

Cells = dict[str, str]


class NoDateError(ValueError):
    """A cell that should hold a date and does not."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the headings it comes under, the first of them ours, and what becomes of a cell."""

    field: str
    headings: tuple[str, ...]
    parse: Callable[[str], Any]


def lines(
    path: Path, name: str, columns: Sequence[Column], required: str, faults: list[Fault]
) -> Iterator[tuple[int, Cells]]:
    """Yield line number and cells, by our heading of each column; wholly empty lines are passed over.

    Raises
    ------
    RefusedError
        If the file cannot be decoded or lacks the `required` column.
    """
    reader = csv.reader(io.StringIO(decoded(path), newline=""))
    known = {other: column.headings[0] for column in columns for other in column.headings}
    raw = [unicodedata.normalize("NFKC", cell).strip() for cell in next(reader, [])]
    headings = [known.get(heading, "") for heading in raw]
    if required not in headings:
        raise RefusedError([Fault("no_column", name, 1, value=required, detail="、".join(raw))])
    faults += [
        Fault("ignored_column", name, 1, value=heading)
        for heading, ours in zip(raw, headings, strict=True)
        if heading and not ours
    ]
    for cells in reader:
        if any(cell.strip() for cell in cells):
            padded = [*cells, *([""] * (len(headings) - len(cells)))]
            yield reader.line_num, dict(zip(headings, padded, strict=False))


def parsed(
    cells: Mapping[str, str], columns: Sequence[Column], name: str, line: int, faults: list[Fault]
) -> dict[str, Any] | None:
    """Return the values by field, or None if a cell is at fault."""
    fields: dict[str, Any] = {}
    before = len(faults)
    for column in columns:
        heading = column.headings[0]
        text = cells.get(heading, "")
        try:
            fields[column.field] = column.parse(text)
        except OutOfRangeError as error:
            faults.append(Fault("out_of_range", name, line, heading, text, str(error)))
        except NoDateError:
            faults.append(Fault("bad_date", name, line, heading, text))
        except ValueError:
            faults.append(Fault("bad_number", name, line, heading, text))
    return fields if len(faults) == before else None
