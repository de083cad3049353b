"""What the points of one file look like, from blocks spread over the file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.core import ground
from lidar.core.grid import Grid
from lidar.core.points import GROUND, Points
from lidar.io import las
from lidar.io.las import LasFile

BLOCK_POINTS = 50_000
BLOCKS = 40
HULL_POINTS = 200_000
NORMALISED_WITHIN_M = 0.5
HIGHEST_TREE_M = 90.0
GPS_EPOCH = dt.datetime(1980, 1, 6, tzinfo=dt.UTC)
ADJUSTED_BY_S = 1e9
LEAP_SECONDS = 18
WEEK_S = 7 * 86_400.0
EARLIEST, LATEST = dt.date(1995, 1, 1), dt.date(2100, 1, 1)


@dataclass(slots=True)
class PointStatistics:
    """Figures of the points looked at.

    Parameters
    ----------
    points_seen : int
        Decoded, without withheld ones; the whole file when it is small.
    outside_bounds : int
        Points seen that lie outside the header's bounds by more than a metre.
    area_m2 : float
        Convex hull of the points seen.
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


def sample(file: LasFile) -> Points:
    """Decode the whole of a small file, else blocks spread evenly over it.

    Parameters
    ----------
    file : LasFile

    Raises
    ------
    DecodeError
        If a block cannot be decoded.
    """
    spans = _spans(file.header.point_count)
    unpack = las.unpacker(file, las.origin_of([file]))
    parts = [unpack.points(records) for records in las.decode(file.header, spans)]
    return Points.concatenate(parts)


def describe(file: LasFile) -> PointStatistics:
    """Return the figures of a file's points; see `sample` for which and for errors."""
    points = sample(file)
    if not len(points):
        return PointStatistics(points_seen=0)
    seen = PointStatistics(points_seen=len(points), outside_bounds=_outside(points, file))
    _add_density(seen, points, file.header.point_count)
    _add_histograms(seen, points)
    seen.time_kind, seen.dates = _dates(points.gps_time, file.header.adjusted_standard_time)
    _add_lines(seen, points)
    seen.line_times = _line_times(points, seen.time_kind)
    delivered = ground.delivered_ground(points)
    seen.ground_share = round(delivered.share, 4)
    seen.ground_spread = round(delivered.spread, 4)
    seen.ground_usable = ground.usable_ground(points)
    seen.heights_normalised = is_normalised(points)
    return seen


def is_normalised(points: Points) -> bool:
    """Tell whether heights are above ground rather than above the sea.

    They are when nearly all ground points, or where there are none the lowest
    points of nearly all 20 m cells, lie within half a metre of zero, and nothing
    is higher than a tree.
    """
    used = points.take(points.is_usable())
    if not len(used):
        return False
    z = used.z_m()
    if np.percentile(z, 99.9) > HIGHEST_TREE_M or np.ptp(z) < 2 * NORMALISED_WITHIN_M:
        return False
    low = z[used.classification == GROUND]
    if low.size < 50:
        cells = used.cells(Grid.covering(used.box(), 20.0, used.crs))
        low = np.full(cells.max() + 1, np.inf)
        np.minimum.at(low, cells, z)
        low = low[np.isfinite(low)]
    return bool((np.abs(low) <= NORMALISED_WITHIN_M).mean() >= 0.95)


def _spans(count: int) -> list[tuple[int, int]]:
    if count <= BLOCKS * BLOCK_POINTS:
        return [(0, count)]
    # whole blocks of 50 000, the usual chunk of LAZ, so that none is decoded for nothing
    chunks = count // BLOCK_POINTS
    starts = {int(i * chunks / BLOCKS) * BLOCK_POINTS for i in range(BLOCKS)}
    return [(start, start + BLOCK_POINTS) for start in sorted(starts)]


def _outside(points: Points, file: LasFile) -> int:
    left, bottom, right, top = file.bounds_m()
    x, y = points.x_m(), points.y_m()
    return int(((x < left - 1) | (x > right + 1) | (y < bottom - 1) | (y > top + 1)).sum())


def _add_density(seen: PointStatistics, points: Points, count: int) -> None:
    step = max(1, len(points) // HULL_POINTS)
    xy = np.column_stack([points.x_m()[::step], points.y_m()[::step]])
    if len(xy) > 1:
        hull = shapely.convex_hull(shapely.linestrings(xy))
        seen.area_m2 = round(float(shapely.area(hull)), 1)
    if seen.area_m2 > 1.0:
        first_share = float((points.return_number == 1).mean())
        seen.density_m2 = round(count / seen.area_m2, 4)
        seen.pulse_density_m2 = round(count * first_share / seen.area_m2, 4)


def _add_histograms(seen: PointStatistics, points: Points) -> None:
    seen.classes = _counts(points.classification)
    seen.returns = _counts(points.return_number)
    low, middle, high = np.percentile(points.intensity, [1, 50, 99])
    seen.intensity = (float(low), float(middle), float(high))
    seen.max_scan_angle_deg = round(float(np.abs(points.scan_angle_deg).max()), 2)


def _counts(values: NDArray[np.uint8]) -> dict[str, int]:
    counts = np.bincount(values)
    return {str(kind): int(counts[kind]) for kind in np.flatnonzero(counts)}


def _add_lines(seen: PointStatistics, points: Points) -> None:
    seen.line_ids = [int(i) for i in np.unique(points.line_id)]
    cells = points.cells(Grid.covering(points.box(), 20.0, points.crs))
    pairs = np.unique(cells.astype(np.int64) * 65_536 + points.line_id)
    _, lines = np.unique(pairs // 65_536, return_counts=True)
    seen.line_overlap = round(float((lines > 1).mean()), 4)


def _dates(
    gps_time: NDArray[np.float64] | None, adjusted: bool
) -> tuple[str, tuple[str, str] | None]:
    """Return the kind of time and the first and last day where it tells days."""
    if gps_time is None:
        return "none", None
    good = gps_time[np.isfinite(gps_time) & (gps_time != 0)]
    if not good.size:
        return "unusable", None
    if not adjusted:
        in_week = good.min() >= 0 and good.max() < WEEK_S
        return ("week" if in_week else "unusable"), None
    days = [_day(float(s)) for s in (good.min(), good.max())]
    if not all(day and EARLIEST <= day <= LATEST for day in days):
        return "unusable", None
    return "standard", (str(days[0]), str(days[1]))


def _line_times(points: Points, kind: str) -> dict[str, tuple[str, str]]:
    told = {"standard": _utc, "week": _of_week}.get(kind)
    times = points.gps_time
    if told is None or times is None:
        return {}
    good = np.isfinite(times) & (times != 0)
    spans = {}
    for line in np.unique(points.line_id[good]):
        of_line = times[good & (points.line_id == line)]
        spans[str(line)] = told(float(of_line.min())), told(float(of_line.max()))
    return spans


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
