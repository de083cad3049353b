"""What the points of one file look like, counted while they are decoded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.core import ground
from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import floor_div, kernel
from lidar.core.points import GROUND, WATER, Points
from lidar.io import las
from lidar.io.las import LasFile

BLOCK_POINTS = 50_000
BLOCKS = 40
CELL_M = 20.0
MOST_CELLS = 1_000_000
STRIPS = 20_000
NORMALISED_WITHIN_M = 0.5
HIGHEST_TREE_M = 90.0
FEWEST_GROUND = 50
GROUND_CHECKED_EVERY = 4
GPS_EPOCH = dt.datetime(1980, 1, 6, tzinfo=dt.UTC)
ADJUSTED_BY_S = 1e9
LEAP_SECONDS = 18
WEEK_S = 7 * 86_400.0
EARLIEST, LATEST = dt.date(1995, 1, 1), dt.date(2100, 1, 1)

_NO_LINE, _MANY_LINES = -1, -2
_HIGHEST_MM = np.iinfo(np.int32).max


@dataclass(slots=True)
class PointStatistics:
    """Figures of the points looked at.

    Parameters
    ----------
    points_seen : int
        Decoded, without withheld ones; in a run all of the file, in an inspection
        all of a small file.
    outside_bounds : int
        Points seen that lie outside the header's bounds by more than a metre.
    area_m2 : float
        Convex hull of the points seen, to a metre.
    density_m2, pulse_density_m2 : float or None
        Points and first returns per square metre of the whole file on that area.
    classes, returns : dict of str to int
        Points seen by class and by return number.
    dates : (str, str) or None
        First and last day by adjusted standard GPS time, ISO 8601, UTC.
    time_kind : str
        "standard", "week", "none" or "unusable".
    intensity : (float, float, float) or None
        Percentiles 1, 50, 99.
    line_ids : list of int
        Flight lines (point source ids).
    line_overlap : float
        Share of the 20 m cells seen that more than one flight line reached.
    line_times : dict of str to (str, str)
        First and last time of each line seen: ISO 8601 UTC by standard time, weekday and
        time of day by seconds of the week; empty where times do not tell.
    ground_share, ground_spread : float
        See `ground.DeliveredGround`.
    ground_usable : bool
        Whether the delivered ground classes can be used.
    heights_normalised : bool
        Whether heights are above ground already.
    fingerprint : str or None
        Sum over all points of a hash of place and return number: two files with the
        same points have the same, however they are ordered or stored. None when
        not all points were seen.
    """

    points_seen: int
    outside_bounds: int = 0
    area_m2: float = 0.0
    density_m2: float | None = None
    pulse_density_m2: float | None = None
    classes: dict[str, int] = field(default_factory=dict)
    returns: dict[str, int] = field(default_factory=dict)
    dates: tuple[str, str] | None = None
    time_kind: str = "none"
    intensity: tuple[float, float, float] | None = None
    max_scan_angle_deg: float = 0.0
    line_ids: list[int] = field(default_factory=list)
    line_overlap: float = 0.0
    line_times: dict[str, tuple[str, str]] = field(default_factory=dict)
    ground_share: float = 0.0
    ground_spread: float = 0.0
    ground_usable: bool = False
    heights_normalised: bool = False
    fingerprint: str | None = None

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PointStatistics:
        """Return the statistics that `dataclasses.asdict` and JSON made of them."""
        pairs = {k: tuple(values[k]) for k in ("dates", "intensity") if values[k] is not None}
        times = {line: tuple(span) for line, span in values["line_times"].items()}
        return cls(**{**values, **pairs, "line_times": times})


class _Cells(NamedTuple):
    """Of each 20 m cell: flight line, lowest point, whether there is ground."""

    line: NDArray[np.int32]
    lowest_mm: NDArray[np.int32]
    ground: NDArray[np.bool_]


class _Counts(NamedTuple):
    """Counts by class, return number, intensity, flight line."""

    classes: NDArray[np.int64]
    returns: NDArray[np.int64]
    intensity: NDArray[np.uint32]
    lines: NDArray[np.bool_]


class _Strips(NamedTuple):
    """Westernmost and easternmost point (x, y) of strips from south to north, millimetres."""

    west: NDArray[np.int32]
    east: NDArray[np.int32]


@dataclass(slots=True)
class _Heights:
    """Usable points: how many, how high; those over any tree, and ground at height 0."""

    usable: int = 0
    lowest_mm: int = _HIGHEST_MM
    highest_mm: int = -_HIGHEST_MM
    over_trees: int = 0
    level_ground: int = 0

    def add(self, height_mm: NDArray[np.int32], is_ground: NDArray[np.bool_]) -> None:
        if not height_mm.size:
            return
        self.usable += height_mm.size
        self.lowest_mm = min(self.lowest_mm, int(height_mm.min()))
        self.highest_mm = max(self.highest_mm, int(height_mm.max()))
        self.over_trees += int((height_mm > HIGHEST_TREE_M * MM_PER_M).sum())
        level = np.abs(height_mm[is_ground]) <= NORMALISED_WITHIN_M * MM_PER_M
        self.level_ground += int(level.sum())


class Statistics:
    """Counts the points of a file as they come, in memory that does not grow.

    Parameters
    ----------
    file : LasFile
    origin_m : (int, int, int)
        Of the points to come.
    """

    def __init__(self, file: LasFile, origin_m: tuple[int, int, int]) -> None:
        self._file = file
        self._origin_m = origin_m
        box = las.box_mm(file.bounds_m(), origin_m)
        self._box = box
        self._grid = _grid_over(file)
        self._strip_mm = max(MM_PER_M, (box[3] - box[1]) // STRIPS + 1)
        n_cells, n_strips = self._grid.size, (box[3] - box[1]) // self._strip_mm + 1
        self._cells = _Cells(
            np.full(n_cells, _NO_LINE, np.int32),
            np.full(n_cells, _HIGHEST_MM, np.int32),
            np.zeros(n_cells, np.bool_),
        )
        self._counts = _Counts(
            np.zeros(256, np.int64),
            np.zeros(256, np.int64),
            np.zeros(65_536, np.uint32),
            np.zeros(65_536, np.bool_),
        )
        self._strips = _Strips(
            np.full((n_strips, 2), _HIGHEST_MM, np.int32),
            np.full((n_strips, 2), -_HIGHEST_MM, np.int32),
        )
        self._heights = _Heights()
        self._outside = 0
        self._fingerprint = 0
        self._angle_deg = 0.0
        self._first_s, self._last_s = np.full(65_536, np.inf), np.full(65_536, -np.inf)
        self._parts = 0
        self._high_ground = [0, 0]

    def add(self, points: Points) -> None:
        """Count some points of the file; in whatever parts, the result is the same."""
        if not len(points):
            return
        usable = points.is_usable()
        x, y, z = (v * MM_PER_M for v in self._origin_m)
        places = (points.x_mm, points.y_mm, points.z_mm)
        self._fingerprint += int(_hashes(*places, points.return_number, x, y, z))
        self._outside += _count_outside(points, self._box)
        kinds = (points.classification, points.return_number, points.intensity, points.line_id)
        _count_kinds(*kinds, self._counts)
        _widen(points.x_mm, points.y_mm, self._box[1], self._strip_mm, self._strips)
        grid = self._grid.in_mm(self._origin_m)
        _meet(*places, points.line_id, points.classification, usable, grid, self._cells)
        self._heights.add(points.z_mm[usable] + z, points.classification[usable] == GROUND)
        self._angle_deg = max(self._angle_deg, float(np.abs(points.scan_angle_deg).max()))
        if points.gps_time is not None:
            _note_times(points.gps_time, points.line_id, self._first_s, self._last_s)
        self._check_ground(points)

    def result(self, complete: bool) -> PointStatistics:
        """Return the figures; `complete` says that all points of the file were added."""
        seen = int(self._counts.classes.sum())
        if not seen:
            return PointStatistics(points_seen=0)
        time_kind, dates = self._dates()
        share, spread = self._ground()
        area_m2 = round(self._area_m2(), 1)
        low, middle, high = _percentiles(self._counts.intensity, (1, 50, 99))
        checked, too_high = self._high_ground
        return PointStatistics(
            points_seen=seen,
            outside_bounds=self._outside,
            area_m2=area_m2,
            **self._densities(seen, area_m2),
            classes=_named(self._counts.classes),
            returns=_named(self._counts.returns),
            dates=dates,
            time_kind=time_kind,
            intensity=(low, middle, high),
            max_scan_angle_deg=round(self._angle_deg, 2),
            line_ids=[int(i) for i in np.flatnonzero(self._counts.lines)],
            line_overlap=self._line_overlap(),
            line_times=self._line_times(time_kind),
            ground_share=round(share, 4),
            ground_spread=round(spread, 4),
            ground_usable=ground.is_good(
                ground.DeliveredGround(share, spread, too_high / checked if checked else 0.0)
            ),
            heights_normalised=self._is_normalised(),
            fingerprint=f"{self._fingerprint % 2**64:016x}" if complete else None,
        )

    def _check_ground(self, points: Points) -> None:
        """Measure in some of the parts how much of the ground lies high above other points."""
        self._parts += 1
        if (self._parts - 1) % GROUND_CHECKED_EVERY == 0:
            found, high = ground.count_high(points)
            self._high_ground[0] += found
            self._high_ground[1] += high

    def _densities(self, seen: int, area_m2: float) -> dict[str, Any]:
        if area_m2 <= 1.0:
            return {}
        count = self._file.header.point_count
        first_share = float(self._counts.returns[1] / seen)
        return {
            "density_m2": round(count / area_m2, 4),
            "pulse_density_m2": round(count * first_share / area_m2, 4),
        }

    def _area_m2(self) -> float:
        west, east = self._strips
        met = west[:, 0] != _HIGHEST_MM
        corners = np.concatenate([west[met], east[met]]).astype(np.float64) / MM_PER_M
        if len(corners) < 2:
            return 0.0
        return float(shapely.area(shapely.convex_hull(shapely.linestrings(corners))))

    def _line_overlap(self) -> float:
        met = self._cells.line != _NO_LINE
        if not met.any():
            return 0.0
        return round(float((self._cells.line[met] == _MANY_LINES).mean()), 4)

    def _ground(self) -> tuple[float, float]:
        met = self._cells.lowest_mm != _HIGHEST_MM
        n_ground, n_usable = int(self._counts.classes[GROUND]), self._heights.usable
        if not n_ground or not met.any():
            return 0.0, 0.0
        return n_ground / n_usable, float(self._cells.ground[met].mean())

    def _is_normalised(self) -> bool:
        """Tell whether heights are above ground rather than above the sea.

        They are when nearly all ground points, or where there are none the lowest
        points of nearly all 20 m cells, lie within half a metre of zero, and nothing
        is higher than a tree.
        """
        heights, within_mm = self._heights, NORMALISED_WITHIN_M * MM_PER_M
        if not heights.usable or heights.over_trees > 0.001 * heights.usable:
            return False
        if heights.highest_mm - heights.lowest_mm < 2 * within_mm:
            return False
        n_ground = int(self._counts.classes[GROUND])
        if n_ground >= FEWEST_GROUND:
            return heights.level_ground >= 0.95 * n_ground
        lowest = self._cells.lowest_mm[self._cells.lowest_mm != _HIGHEST_MM].astype(np.int64)
        above_mm = lowest + self._origin_m[2] * MM_PER_M
        return bool(lowest.size and (np.abs(above_mm) <= within_mm).mean() >= 0.95)

    def _dates(self) -> tuple[str, tuple[str, str] | None]:
        """Return the kind of time and the first and last day where it tells days."""
        header = self._file.header
        if not header.has_gps_time:
            return "none", None
        first_s, last_s = float(self._first_s.min()), float(self._last_s.max())
        if first_s > last_s:
            return "unusable", None
        if not header.adjusted_standard_time:
            return ("week" if first_s >= 0 and last_s < WEEK_S else "unusable"), None
        days = [_day(first_s), _day(last_s)]
        if not all(day and EARLIEST <= day <= LATEST for day in days):
            return "unusable", None
        return "standard", (str(days[0]), str(days[1]))

    def _line_times(self, kind: str) -> dict[str, tuple[str, str]]:
        told = {"standard": _utc, "week": _of_week}.get(kind)
        if told is None:
            return {}
        timed = np.flatnonzero(self._first_s <= self._last_s)
        return {str(i): (told(self._first_s[i]), told(self._last_s[i])) for i in timed}


def describe(file: LasFile) -> PointStatistics:
    """Return the figures of a small file, else those of blocks spread evenly over it.

    Raises
    ------
    DecodeError
        If a block cannot be decoded.
    """
    spans = _spans(file.header.point_count)
    origin_m = las.origin_of([file])
    unpack = las.unpacker(file, origin_m)
    parts = (unpack.points(records) for records in las.decode(file.header, spans))
    return statistics(parts, file, origin_m, complete=spans == [(0, file.header.point_count)])


def statistics(
    parts: Iterable[Points], file: LasFile, origin_m: tuple[int, int, int], *, complete: bool
) -> PointStatistics:
    """Return the figures of points that come in parts; see `Statistics`."""
    counted = Statistics(file, origin_m)
    for points in parts:
        counted.add(points)
    return counted.result(complete)


def _spans(count: int) -> list[tuple[int, int]]:
    if count <= BLOCKS * BLOCK_POINTS:
        return [(0, count)]
    # whole blocks of 50 000, the usual chunk of LAZ, so that none is decoded for nothing
    chunks = count // BLOCK_POINTS
    starts = {int(i * chunks / BLOCKS) * BLOCK_POINTS for i in range(BLOCKS)}
    return [(start, start + BLOCK_POINTS) for start in sorted(starts)]


def _grid_over(file: LasFile) -> Grid:
    """Return 20 m cells over a file, coarser ones where it is wider than a scan ever is."""
    left, bottom, right, top = file.bounds_m()
    cell_m = CELL_M
    while (right - left + cell_m) * (top - bottom + cell_m) > MOST_CELLS * cell_m**2:
        cell_m *= 2
    return Grid.covering((left, bottom - 0.001, right + 0.001, top), cell_m, file.source.crs)


def _percentiles(counts: NDArray[np.uint32], wanted: tuple[int, ...]) -> list[float]:
    """Return the smallest values that so many per cent of the points do not exceed."""
    below = np.cumsum(counts, dtype=np.int64)
    return [float(np.searchsorted(below, below[-1] * p / 100)) for p in wanted]


def _named(counts: NDArray[np.int64]) -> dict[str, int]:
    return {str(kind): int(counts[kind]) for kind in np.flatnonzero(counts)}


def _moment(adjusted_s: float) -> dt.datetime:
    return GPS_EPOCH + dt.timedelta(seconds=adjusted_s + ADJUSTED_BY_S - LEAP_SECONDS)


def _utc(adjusted_s: float) -> str:
    return _moment(adjusted_s).strftime("%Y-%m-%dT%H:%MZ")


def _of_week(seconds: float) -> str:
    return (GPS_EPOCH + dt.timedelta(seconds=seconds - LEAP_SECONDS)).strftime("%a %H:%MZ")


def _day(adjusted_s: float) -> dt.date | None:
    try:
        return _moment(adjusted_s).date()
    except OverflowError:
        return None


def _count_outside(points: Points, box: tuple[int, int, int, int]) -> int:
    """Count the points more than a metre outside a box in millimetres."""
    west, south, east, north = box
    x, y = points.x_mm, points.y_mm
    outside = (x < west - MM_PER_M) | (x > east + MM_PER_M)
    outside |= (y < south - MM_PER_M) | (y > north + MM_PER_M)
    return int(outside.sum())


@kernel
def _hashes(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    z: NDArray[np.int32],
    number: NDArray[np.uint8],
    east: int,
    north: int,
    up: int,
) -> np.uint64:
    """Sum up a hash of each point's place and return number (the finaliser of SplitMix64)."""
    factor = np.uint64(0x9E3779B97F4A7C15)
    total = np.uint64(0)
    for i in range(x.size):
        h = np.uint64(x[i] + east) * factor + np.uint64(y[i] + north)
        h = (h * factor + np.uint64(z[i] + up)) * factor + np.uint64(number[i])
        h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        total += h ^ (h >> np.uint64(31))
    return total


@kernel
def _count_kinds(
    kind: NDArray[np.uint8],
    number: NDArray[np.uint8],
    intensity: NDArray[np.uint16],
    line: NDArray[np.uint16],
    counts: _Counts,
) -> None:
    classes, returns, light, lines = counts
    for i in range(kind.size):
        classes[kind[i]] += 1
        returns[number[i]] += 1
        light[intensity[i]] += 1
        lines[line[i]] = True


@kernel
def _note_times(
    time: NDArray[np.float64],
    line: NDArray[np.uint16],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> None:
    """Widen the first and last time of each line; 0 stands for no time."""
    for i in range(time.size):
        t = time[i]
        if np.isfinite(t) and t != 0.0:
            first[line[i]] = min(first[line[i]], t)
            last[line[i]] = max(last[line[i]], t)


@kernel
def _widen(
    x: NDArray[np.int32], y: NDArray[np.int32], bottom: int, strip: int, strips: _Strips
) -> None:
    west, east = strips
    per_strip = 1.0 / strip
    for i in range(x.size):
        k = min(max(floor_div(y[i] - bottom, per_strip), 0), west.shape[0] - 1)
        if x[i] < west[k, 0]:
            west[k, 0], west[k, 1] = x[i], y[i]
        if x[i] > east[k, 0]:
            east[k, 0], east[k, 1] = x[i], y[i]


@kernel
def _meet(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    z: NDArray[np.int32],
    line: NDArray[np.uint16],
    kind: NDArray[np.uint8],
    usable: NDArray[np.bool_],
    grid: tuple[int, int, int, int, int],
    cells: _Cells,
) -> None:
    left, top, cell, rows, cols = grid
    lines, lowest, ground_met = cells
    per_mm = 1.0 / cell
    for i in range(x.size):
        col, row = floor_div(x[i] - left, per_mm), floor_div(top - y[i], per_mm)
        if not (0 <= col < cols and 0 <= row < rows):
            continue
        k = row * cols + col
        if lines[k] == _NO_LINE:
            lines[k] = line[i]
        elif lines[k] != line[i]:
            lines[k] = _MANY_LINES
        if usable[i]:
            lowest[k] = min(lowest[k], z[i])
            if kind[i] == GROUND or kind[i] == WATER:
                ground_met[k] = True
