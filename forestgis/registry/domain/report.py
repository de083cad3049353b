"""What an import would do or did, for the user to read before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from forestgis.registry.domain.faults import Fault, refusing


@dataclass(slots=True)
class ImportReport:
    """Counts and faults of one import; `stored` only when everything was."""

    municipality: str
    edition: int
    polygons: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    faults: list[Fault] = field(default_factory=list)
    stored: bool = False

    @property
    def acceptable(self) -> bool:
        """Whether nothing in the files stops the import."""
        return not refusing(self.faults)

    def to_dict(self) -> dict[str, Any]:
        """JSON of the report with the faults' words."""
        return {
            "municipality": self.municipality,
            "edition": self.edition,
            "polygons": self.polygons,
            "rows": self.rows,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "acceptable": self.acceptable,
            "stored": self.stored,
            "faults": [fault.to_dict() for fault in self.faults],
        }
