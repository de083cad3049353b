"""Rows of a ledger (林地台帳) and of its table of owners, as CSV in UTF-8 or cp932."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from forestgis.parcels.domain import faults as _words  # noqa: F401 - declares the words of the faults
from forestgis.parcels.domain.lots import Lot, lot
from forestgis.parcels.imports import table
from forestgis.parcels.imports.table import Column, NoDateError
from forestgis.parcels.models import Parcel, ParcelOwner
from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports import values
from forestgis.web.domain.eras import read_day

_LOT = "地番"
_LARGEST_M2 = Decimal("999999999")
_SURVEYED = {
    "実施済": Parcel.Survey.DONE,
    "実施済み": Parcel.Survey.DONE,
    "済": Parcel.Survey.DONE,
    "一部実施": Parcel.Survey.PARTLY,
    "一部": Parcel.Survey.PARTLY,
    "未実施": Parcel.Survey.NONE,
    "未": Parcel.Survey.NONE,
    "": Parcel.Survey.UNKNOWN,
    "不明": Parcel.Survey.UNKNOWN,
}
_BASES = {
    "登記": ParcelOwner.Basis.REGISTERED,
    "登記簿上の所有者": ParcelOwner.Basis.REGISTERED,
    "現所有": ParcelOwner.Basis.CURRENT,
    "現に所有": ParcelOwner.Basis.CURRENT,
    "": ParcelOwner.Basis.CURRENT,
}


def verbatim(limit: int) -> Any:  # noqa: ANN401 - a cell's parser
    """Return a parser of text that keeps every character: 髙, 﨑 and 神 are not 高, 崎 and 神 in a name."""

    def parse(text: str) -> str:
        value = " ".join(text.split())
        if len(value) > limit:
            raise values.OutOfRangeError(f"1-{limit} 文字")
        return value

    return parse


def _words_up_to(limit: int) -> Any:  # noqa: ANN401
    return lambda text: values.text_up_to(text, limit)


def _one_of(known: dict[str, Any]) -> Any:  # noqa: ANN401
    def parse(text: str) -> str:
        value = values.cleaned(text)
        if value not in known:
            raise values.OutOfRangeError("、".join(name for name in known if name))
        return str(known[value])

    return parse


def _day(text: str) -> date | None:
    try:
        return read_day(text)
    except ValueError as error:
        raise NoDateError(text) from error


def _area(text: str) -> Decimal | None:
    return values.decimal_between(text, Decimal(0), _LARGEST_M2)


_PLACE = (
    Column("oaza", ("大字", "大字名"), verbatim(60)),
    Column("aza", ("字", "字名", "小字"), verbatim(120)),
    Column("lot", (_LOT,), verbatim(40)),
)
LAND_COLUMNS = (
    Column("land_category", ("地目", "登記地目"), _words_up_to(20)),
    Column("registered_area_m2", ("地積", "登記面積", "面積(m2)", "面積(m²)"), _area),
    Column("survey", ("境界測量", "境界に関する測量の実施状況", "測量の実施状況"), _one_of(_SURVEYED)),
    Column("function_zone", ("公益的機能別施業森林区域",), _words_up_to(60)),
    Column("plan_note", ("森林経営計画", "森林経営計画の認定状況"), _words_up_to(120)),
    Column("note", ("備考",), _words_up_to(200)),
)  # fmt: skip
_OWNERS_IN_LEDGER = (
    Column("registered_name", ("登記所有者氏名", "登記簿上の所有者氏名"), verbatim(120)),
    Column("registered_address", ("登記所有者住所", "登記簿上の所有者住所"), verbatim(200)),
    Column("registered_on", ("登記年月日", "取得日"), _day),
    Column("current_name", ("現所有者氏名", "現に所有する者の氏名"), verbatim(120)),
    Column("current_address", ("現所有者住所", "現に所有する者の住所"), verbatim(200)),
)
_OWNER = (
    Column("basis", ("区分", "所有者区分"), _one_of(_BASES)),
    Column("name", ("氏名", "氏名又は名称", "名称"), verbatim(120)),
    Column("address", ("住所",), verbatim(200)),
    Column("share", ("持分",), _words_up_to(20)),
    Column("acquired_on", ("取得日", "登記年月日"), _day),
)
LEDGER_COLUMNS = (*_PLACE, *LAND_COLUMNS, *_OWNERS_IN_LEDGER)
OWNER_COLUMNS = (*_PLACE, *_OWNER)
LAND_FIELDS = tuple(column.field for column in LAND_COLUMNS)


@dataclass(frozen=True, slots=True)
class LandRow:
    """One lot of the ledger; `values` by field of the model."""

    line: int
    lot: Lot
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """One owner of a lot."""

    line: int
    lot: Lot
    basis: str
    name: str
    address: str
    share: str
    acquired_on: date | None

    @property
    def content(self) -> tuple[str, str, str, str, date | None]:
        """What makes two rows of a lot the same owner."""
        return (self.basis, self.name, self.address, self.share, self.acquired_on)


@dataclass(slots=True)
class LedgerFile:
    """What a ledger or owner file holds."""

    lands: list[LandRow] = field(default_factory=list)
    owners: list[OwnerRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_ledger(path: Path, name: str) -> LedgerFile:
    """Read a ledger: one row a lot, its registered and present owner beside it.

    Every fault is collected; rows with a refusing one are left out.
    """
    file = LedgerFile()
    seen: set[str] = set()
    for line, place, cells in _rows(path, name, LEDGER_COLUMNS, file.faults):
        if place.key in seen:
            file.faults.append(Fault("duplicate_lot", name, line, _LOT, str(place)))
            continue
        seen.add(place.key)
        file.lands.append(LandRow(line, place, {field: cells[field] for field in LAND_FIELDS}))
        file.owners += _owners_beside(name, line, place, cells, file.faults)
    return file


def read_owners(path: Path, name: str) -> LedgerFile:
    """Read a table of owners: one row an owner, co-owners in rows of their own."""
    file = LedgerFile()
    for line, place, cells in _rows(path, name, OWNER_COLUMNS, file.faults):
        own = {column.field: cells[column.field] for column in _OWNER}
        if own["name"]:
            file.owners.append(OwnerRow(line, place, **own))
        else:
            file.faults.append(Fault("owner_without_name", name, line, "氏名"))
    return file


def _rows(path: Path, name: str, columns: tuple[Column, ...], faults: list[Fault]) -> Any:  # noqa: ANN401
    """Yield line, lot and values of every sound row."""
    try:
        for line, cells in table.lines(path, name, columns, _LOT, faults):
            fields = table.parsed(cells, columns, name, line, faults)
            if fields is None:
                continue
            place = lot(fields["oaza"], fields["aza"], fields["lot"])
            if place.numbered:
                yield line, place, fields
            else:
                faults.append(Fault("bad_lot", name, line, _LOT, cells.get(_LOT, "")))
    except RefusedError as error:
        faults += error.faults


def _owners_beside(
    name: str, line: int, place: Lot, cells: dict[str, Any], faults: list[Fault]
) -> list[OwnerRow]:
    """Take the registered and the present owner of a ledger row."""
    found = []
    for prefix, basis in (
        ("registered", ParcelOwner.Basis.REGISTERED),
        ("current", ParcelOwner.Basis.CURRENT),
    ):
        who, address = cells[f"{prefix}_name"], cells[f"{prefix}_address"]
        if who:
            since = cells["registered_on"] if prefix == "registered" else None
            found.append(OwnerRow(line, place, str(basis), who, address, "", since))
        elif address:
            faults.append(Fault("owner_without_name", name, line, LEDGER_HEADING[prefix]))
    return found


LEDGER_HEADING = {"registered": "登記所有者氏名", "current": "現所有者氏名"}
