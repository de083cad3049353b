"""What an import of maps, ledger or owners would do or did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from forestgis.registry.domain.faults import Fault, refusing

#: More faults of a file than anybody reads; their number is told.
FAULTS_KEPT = 500


@dataclass(slots=True)
class LedgerReport:
    """Counts and faults; `stored` only when everything was.

    `removed` are lots that lose their shape (maps) or leave the ledger (ledger); owners are never removed but end.
    """

    lots: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    unplaced: int = 0
    owners_new: int = 0
    owners_ended: int = 0
    faults: list[Fault] = field(default_factory=list)
    stored: bool = False

    @property
    def acceptable(self) -> bool:
        """Whether nothing in the file stops the import."""
        return not refusing(self.faults)

    def to_dict(self) -> dict[str, Any]:
        """JSON of the report; the faults by code and values, so that they are worded on display."""
        counts = asdict(self) | {"acceptable": self.acceptable, "n_faults": len(self.faults)}
        ordered = sorted(self.faults, key=lambda fault: fault.severity)
        return counts | {"faults": [asdict(fault) for fault in ordered[:FAULTS_KEPT]]}
