"""What is odd in a network, where, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shapely import LineString


class Oddity(StrEnum):
    """What was found while a network was made of lines."""

    ZERO_LENGTH = "zero_length"
    DUPLICATE = "duplicate"
    OVERLAP = "overlap"
    GAP_CLOSED = "gap_closed"
    DANGLING_END = "dangling_end"
    ISLAND = "island"


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity.

    Attributes
    ----------
    kind : Oddity
    x_m, y_m : float
        Where to look.
    roads : tuple of int
        Rows of the input that take part; of an island the first few.
    length_m : float
        Of the piece, the overlap, the gap, or all roads of the island.
    mend : LineString or None
        A line that would join what is apart, as a proposal.
    """

    kind: Oddity
    x_m: float
    y_m: float
    roads: tuple[int, ...]
    length_m: float
    mend: LineString | None = None
