"""What the card of a 小班 says, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from forestgis.registry.domain.entry import RegisterEntry
from forestgis.surveys.domain.figures import interval_90, rounded, written


@dataclass(frozen=True, slots=True)
class Estimate:
    """Volume of one zone with its standard errors (None: the model was not calibrated)."""

    m3: Decimal
    se_m3: Decimal | None
    m3ha: Decimal
    se_m3ha: Decimal | None

    @property
    def interval_m3(self) -> tuple[Decimal, Decimal] | None:
        """90 % interval of the zone's volume, m3."""
        return interval_90(self.m3, self.se_m3)

    @property
    def interval_m3ha(self) -> tuple[Decimal, Decimal] | None:
        """90 % interval per hectare, m3/ha."""
        return interval_90(self.m3ha, self.se_m3ha)

    def to_dict(self) -> dict[str, Any]:
        """Figures as they are stored, and as text for people."""
        return asdict(self) | {
            "interval_m3": self.interval_m3,
            "interval_m3ha": self.interval_m3ha,
            "text": {
                "m3": written(self.m3),
                "se_m3": written(self.se_m3),
                "m3ha": written(self.m3ha),
                "se_m3ha": written(self.se_m3ha),
                "interval_m3": _range(self.interval_m3),
                "interval_m3ha": _range(self.interval_m3ha),
            },
        }


@dataclass(frozen=True, slots=True)
class Model:
    """The volume model behind an estimate; None figures where it was not calibrated."""

    calibrated: bool
    n_plots: int | None
    rmse_pct: float | None
    method: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the figures come from."""

    run_id: UUID
    engine_version: str
    finished_at: datetime | None
    scanned_on: date | None
    simulated: bool
    batch_name: str
    sharing: str


@dataclass(frozen=True, slots=True)
class LidarVolume:
    """Figures of a published run for one zone."""

    area_ha: Decimal
    scanned_pct: Decimal
    hardwood: Estimate
    conifer: Estimate
    mean_height_m: Decimal | None
    cover_pct: Decimal | None
    extrapolated_pct: Decimal | None
    model: Model
    source: Source


@dataclass(frozen=True, slots=True)
class Difference:
    """LiDAR volume per hectare beside the register's stock.

    Attributes
    ----------
    kind : str
        ``hardwood`` or ``conifer``.
    difference_m3ha : Decimal or None
        LiDAR minus register; None where either states nothing.
    pct : Decimal or None
        The difference in whole percent of the register's stock; None where that is zero.
    outside : bool or None
        Whether the register lies outside the estimate's 90 % interval; None without an error or a stock.
    """

    kind: str
    lidar_m3ha: Decimal | None
    register_m3ha: Decimal | None
    difference_m3ha: Decimal | None
    pct: Decimal | None
    outside: bool | None


def compared(kind: str, estimate: Estimate | None, register_m3ha: Decimal | None) -> Difference:
    """Compare an estimate with the register, either of which may be missing."""
    lidar = estimate.m3ha if estimate else None
    if lidar is None or register_m3ha is None or estimate is None:
        return Difference(kind, lidar, register_m3ha, None, None, None)
    difference = lidar - register_m3ha
    interval = estimate.interval_m3ha
    return Difference(
        kind=kind,
        lidar_m3ha=lidar,
        register_m3ha=register_m3ha,
        difference_m3ha=difference,
        pct=rounded(float(100 * difference / register_m3ha), 0) if register_m3ha else None,
        outside=None if interval is None else not interval[0] <= register_m3ha <= interval[1],
    )


@dataclass(frozen=True, slots=True)
class Card:
    """A 小班 or grid square: LiDAR volume and register beside each other, either may be missing."""

    key: str
    label: str
    municipality_code: str
    municipality_name: str
    volume: LidarVolume | None
    register: RegisterEntry | None
    cautions: tuple[str, ...]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Hardwood and conifer of both sources; empty without a register entry."""
        if self.register is None:
            return ()
        volume = self.volume
        return (
            compared(
                "hardwood", volume.hardwood if volume else None, self.register.stock_broadleaf_m3ha
            ),
            compared(
                "conifer", volume.conifer if volume else None, self.register.stock_conifer_m3ha
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able once Decimals, dates and ids are written as text."""
        data = asdict(self) | {"differences": [asdict(one) for one in self.differences]}
        if self.volume is not None:
            data["volume"]["hardwood"] = self.volume.hardwood.to_dict()
            data["volume"]["conifer"] = self.volume.conifer.to_dict()
        return data


def _range(interval: tuple[Decimal, Decimal] | None) -> str:
    return written(None) if interval is None else f"{written(interval[0])}–{written(interval[1])}"
