"""Register rows (調査簿) of a simulated scene: what an office would hold, errors included."""

from __future__ import annotations

import numpy as np

from lidar.simulate.layout import Subcompartment
from lidar.simulate.species import SPECIES
from lidar.simulate.stands import Stand
from lidar.simulate.terrain import Relief

_NATURAL_BROADLEAF = 98
_MIXED = 99
_TWO_STOREYS_FROM_SHARE = 0.3

# Yield-table-like rule: stock = ceiling x (1 - exp(-rate x age)) ** 2.2, m3/ha. Invented, and
# on purpose blind to site, stocking and felling, as register stock is.
_YIELD = {"hardwood": (260.0, 0.022), "conifer": (420.0, 0.035)}


def register_rows(
    layout: list[Subcompartment],
    stands: list[Stand],
    relief: Relief,
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    """Return the rows of the register; a two-storeyed 小班 has two that repeat its area."""
    rows: list[dict[str, object]] = []
    for lot, (unit, stand) in enumerate(zip(layout, stands, strict=True), start=1):
        row = _row(unit, stand, relief, lot, rng)
        rows.append(row)
        if _two_storeyed(stand):
            row["複層区分コード"] = 1
            rows.append(_lower_storey(row))
    return rows


def _two_storeyed(stand: Stand) -> bool:
    minority = float(min(_conifer_share(stand), 1 - _conifer_share(stand)))
    return stand.kind.forest_type == 1 and minority > _TWO_STOREYS_FROM_SHARE


def _row(
    unit: Subcompartment, stand: Stand, relief: Relief, lot: int, rng: np.random.Generator
) -> dict[str, object]:
    middle = unit.polygon.centroid
    slope = float(relief.slope_deg(np.array([middle.x]), np.array([middle.y]), 25.0)[0])
    # The register's age lags or leads by up to a revision period of five years.
    age = max(0, 5 * round((stand.age + float(rng.normal(0, 2.5))) / 5)) if stand.age else 0
    conifer, hardwood = _stock_m3ha(stand, age)
    species = _species_columns(stand)
    return {
        "KEYCODE": unit.keycode,
        "林班": unit.compartment,
        "小班": unit.number,
        "面積": f"{unit.area_ha * float(rng.normal(1, 0.04)):.2f}",
        "森林の種類1コード": "11" if slope > 22 else "01",
        "林種コード": stand.kind.forest_type,
        **species,
        "林齢": age or "",
        "樹高": round(0.9 * _height_m(stand, age)) if age else "",
        "HA当蓄積N": conifer,
        "HA当蓄積L": hardwood,
        "代表地番": f"架空 {lot}番",
        "傾斜": _slope_class(slope),
        "複層区分コード": "",
        "備考": "架空データ",
    }


def _lower_storey(upper: dict[str, object]) -> dict[str, object]:
    """Return the row of the hardwoods below planted conifers, on the same ground."""
    stock = upper["HA当蓄積L"]
    upper["HA当蓄積L"] = 0
    species = {f"樹種{k}{part}": "" for k in (2, 3) for part in ("コード", "比率")}
    own = {
        "樹種1コード": _NATURAL_BROADLEAF,
        "樹種1比率": 100,
        "林種コード": 2,
        "HA当蓄積N": 0,
        "HA当蓄積L": stock,
        "樹高": "",
        "複層区分コード": 2,
    }
    return {**upper, **species, **own}


def _conifer_share(stand: Stand) -> float:
    return float(sum(s for s, kind in zip(stand.shares, SPECIES, strict=True) if not kind.hardwood))


def _stock_m3ha(stand: Stand, age: int) -> tuple[int, int]:
    """Return conifer and hardwood stock of the yield rule, rounded to 5 m3/ha."""
    share = _conifer_share(stand)
    stock = {kind: top * (1 - np.exp(-rate * age)) ** 2.2 for kind, (top, rate) in _YIELD.items()}
    return 5 * round(share * stock["conifer"] / 5), 5 * round((1 - share) * stock["hardwood"] / 5)


def _species_columns(stand: Stand) -> dict[str, object]:
    """Return codes and shares: natural stands mostly bear only 98 or 99."""
    columns: dict[str, object] = {
        f"樹種{k}{part}": "" for k in (1, 2, 3) for part in ("コード", "比率")
    }
    if stand.kind.forest_type > 2:
        return columns
    if stand.kind.forest_type == 2 and stand.kind.name != "birch":
        mixed = _conifer_share(stand) > 0.2
        return {**columns, "樹種1コード": _MIXED if mixed else _NATURAL_BROADLEAF, "樹種1比率": 100}
    leading = [i for i in np.argsort(-stand.shares) if stand.shares[i] >= 0.08][:3]
    shares = [
        round(10 * float(stand.shares[i]) / float(stand.shares[leading].sum())) for i in leading
    ]
    shares[0] += 10 - sum(shares)
    for k, (i, share) in enumerate(zip(leading, shares, strict=True), start=1):
        columns[f"樹種{k}コード"] = SPECIES[i].code
        columns[f"樹種{k}比率"] = 10 * share
    return columns


def _height_m(stand: Stand, age: int) -> float:
    return float(
        sum(
            share * kind.top_height_m * (1 - np.exp(-kind.growth_rate * age))
            for share, kind in zip(stand.shares, SPECIES, strict=True)
        )
    )


def _slope_class(slope_deg: float) -> str:
    for limit, name in ((8.0, "平"), (15.0, "緩"), (30.0, "中")):
        if slope_deg < limit:
            return name
    return "急"
