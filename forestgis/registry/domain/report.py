"""What an import would do or did, for the user to read before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from forestgis.registry.domain.faults import Fault, counted, first_of_each, refusing

#: Faults of one code that a stored report keeps; the total says how many there are.
KEPT = 100


@dataclass(slots=True)
class ImportReport:
    """Counts and faults of one import; `stored` only when everything was.

    `compared_with` is the year that new, changed and removed 小班 are counted against: the
    same year if it is loaded already, else the current edition; None for a first import.
    """

    municipality: str
    edition: int
    compared_with: int | None = None
    polygons: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    faults: list[Fault] = field(default_factory=list)
    stored: bool = False
    headings: list[str] = field(default_factory=list)
    polygon_columns: list[str] = field(default_factory=list)

    @property
    def acceptable(self) -> bool:
        """Whether nothing in the files stops the import."""
        return not refusing(self.faults)

    def to_dict(self) -> dict[str, Any]:
        """JSON of the report: counts, the totals of faults by code, and the first of each with their words."""
        return {
            "municipality": self.municipality,
            "edition": self.edition,
            "compared_with": self.compared_with,
            "polygons": self.polygons,
            "rows": self.rows,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "acceptable": self.acceptable,
            "stored": self.stored,
            "headings": self.headings,
            "polygon_columns": self.polygon_columns,
            "fault_totals": counted(self.faults),
            "faults": [fault.to_dict() for fault in first_of_each(self.faults, KEPT)],
        }
