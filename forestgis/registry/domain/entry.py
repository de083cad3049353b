"""What the register says of one 小班, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Storey:
    """One storey of a 小班 as the register has it, codes beside their names."""

    storey: int
    forest_type: str
    species: tuple[tuple[str, int | None], ...]
    age: int | None
    age_class: int | None
    height_m: Decimal | None
    stock_conifer_m3ha: Decimal | None
    stock_broadleaf_m3ha: Decimal | None


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A 小班 of the latest edition with its storeys and stock.

    Stocks are m3 per hectare over all storeys: each storey's stock counts on
    the same ground. None where no storey states one.
    """

    keycode: str
    edition: int
    label: str
    municipality_code: str
    area_ha: Decimal
    register_area_ha: Decimal | None
    storeys: tuple[Storey, ...]
    stock_conifer_m3ha: Decimal | None
    stock_broadleaf_m3ha: Decimal | None
