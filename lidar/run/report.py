"""What an inspection found: one report a file, one for the batch, JSON-able."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pyproj import CRS

from lidar.io.faults import Fault
from lidar.io.las import Box, LasFile
from lidar.run.statistics import PointStatistics

_PLAIN = (
    *("size", "sha256", "format", "version", "point_format", "points"),
    *("bounds_m", "height_range_m", "xy_to_m", "z_to_m", "created", "software"),
)


@dataclass(slots=True)
class FileReport:
    """One file of a batch.

    Parameters
    ----------
    path : Path
    size : int
        Bytes.
    sha256 : str or None
        None where checksums were not asked for.
    format : str or None
        "LAS", "LAZ" or "COPC"; None, as the next ones, when the header is unreadable.
    points : int
        As stated by the header.
    bounds_m : (left, bottom, right, top) or None
        Metres in `crs`, from the header.
    crs : pyproj.CRS or None
        Horizontal, metres.
    created : str or None
        Date in the header, ISO 8601.
    statistics : PointStatistics or None
        Of decoded points; None when not decoded.
    duplicate_of : str or None
        Name of the first file with the same bytes or the same points.
    faults : list of Fault
    file : LasFile or None
        What reads its points; None when header or coordinate system is unusable.
    """

    path: Path
    size: int = 0
    sha256: str | None = None
    format: str | None = None
    version: str | None = None
    point_format: int | None = None
    points: int = 0
    bounds_m: Box | None = None
    height_range_m: tuple[float, float] | None = None
    crs: CRS | None = None
    crs_label: str | None = None
    xy_to_m: float = 1.0
    z_to_m: float = 1.0
    created: str | None = None
    software: str | None = None
    statistics: PointStatistics | None = None
    duplicate_of: str | None = None
    faults: list[Fault] = field(default_factory=list)
    file: LasFile | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """File name without folder."""
        return self.path.name

    @property
    def refused(self) -> bool:
        """Whether the file cannot be processed."""
        return any(f.severity == "refuse" for f in self.faults)

    @property
    def used(self) -> bool:
        """Whether a run takes this file."""
        return not self.refused and self.duplicate_of is None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values, without the folder."""
        return {
            "name": self.name,
            **{key: getattr(self, key) for key in _PLAIN},
            "crs": self.crs_label,
            "epsg": self.crs.to_epsg() if self.crs is not None else None,
            "duplicate_of": self.duplicate_of,
            "refused": self.refused,
            "faults": [f.to_dict() for f in self.faults],
            "statistics": asdict(self.statistics) if self.statistics else None,
        }


@dataclass(slots=True)
class BatchReport:
    """All files of a batch and what they are together.

    Parameters
    ----------
    files : list of FileReport
        In order of name, then checksum or folder.
    crs : pyproj.CRS or None
        Coordinate system of the files that can be used, metres.
    overlap_share : float
        Area covered by more than one file as a share of the area covered, of the
        rectangles in the headers.
    faults : list of Fault
        About the batch as a whole.
    """

    files: list[FileReport]
    crs: CRS | None = None
    overlap_share: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    @property
    def used(self) -> list[FileReport]:
        """The files that a run takes."""
        return [f for f in self.files if f.used]

    @property
    def refused(self) -> list[FileReport]:
        """The files that cannot be processed."""
        return [f for f in self.files if f.refused]

    @property
    def points(self) -> int:
        """Number of points of the files used."""
        return sum(f.points for f in self.used)

    @property
    def bounds_m(self) -> Box | None:
        """Left, bottom, right, top of the files used."""
        boxes = [f.bounds_m for f in self.used if f.bounds_m is not None]
        if not boxes:
            return None
        left, bottom, right, top = zip(*boxes, strict=True)
        return min(left), min(bottom), max(right), max(top)

    @property
    def dates(self) -> tuple[str, str] | None:
        """First and last day of the scan by GPS time, ISO 8601, None when unknown."""
        found = [f.statistics.dates for f in self.used if f.statistics and f.statistics.dates]
        return (min(d[0] for d in found), max(d[1] for d in found)) if found else None

    @property
    def heights_normalised(self) -> bool:
        """Whether heights are above ground already."""
        found = [f.statistics.heights_normalised for f in self.used if f.statistics]
        return bool(found) and all(found)

    @property
    def ground_usable(self) -> bool:
        """Whether every file is delivered with ground classes that can be used."""
        found = [f.statistics.ground_usable for f in self.used if f.statistics]
        return bool(found) and all(found)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        return {
            "crs": self.crs.to_wkt() if self.crs is not None else None,
            "epsg": self.crs.to_epsg() if self.crs is not None else None,
            "points": self.points,
            "bounds_m": self.bounds_m,
            "dates": self.dates,
            "overlap_share": round(self.overlap_share, 4),
            "heights_normalised": self.heights_normalised,
            "ground_usable": self.ground_usable,
            "faults": [f.to_dict() for f in self.faults],
            "files": [f.to_dict() for f in self.files],
        }
