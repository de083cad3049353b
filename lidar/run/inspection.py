"""Look at a batch before working on it: what is in it, what is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from lidar.core.points import HIGH_NOISE, LOW_NOISE, WATER
from lidar.errors import CrsError, DecodeError, HeaderError, LidarError, WorkerError
from lidar.io import crs as crs_io
from lidar.io import headers
from lidar.io.checksum import sha256_of
from lidar.io.faults import Fault, refuse, warn
from lidar.io.headers import LasHeader
from lidar.io.las import LasFile
from lidar.io.sandbox import Sandbox
from lidar.run.report import BatchReport, FileReport
from lidar.run.statistics import PointStatistics, describe

FEWEST_POINTS = 100
SPARSEST_M2 = 0.01
LOW_PULSE_DENSITY_M2 = 4.0
LEAST_PULSE_DENSITY_M2 = 1.0
MOSTLY, MUCH_NOISE = 0.9, 0.05
LATTICE = 1000


def inspect(
    files: Iterable[Path | str],
    *,
    crs: CRS | None = None,
    expected: CRS | None = None,
    decode: bool = True,
) -> BatchReport:
    """Look at the files of a batch, whatever state they are in.

    Headers are read here, points in a child process with a memory limit, so no
    file can crash or fill this process.

    Parameters
    ----------
    files : iterable of path
    crs : pyproj.CRS, optional
        Taken for files that state none.
    expected : pyproj.CRS, optional
        Files in any other system are refused.
    decode : bool
        False looks at headers only: no checksums, densities, classes, dates.

    Returns
    -------
    BatchReport
        Never raises for what is in a file: that becomes a fault.
    """
    batch = survey(files, crs=crs)
    if decode:
        with Sandbox() as sandbox:
            for report in batch.files:
                _look_at_points(report, sandbox)
    compare_systems(batch, expected)
    compare_points(batch)
    return batch


def survey(files: Iterable[Path | str], *, crs: CRS | None = None) -> BatchReport:
    """Look at the headers of a batch; checksums are taken only where two files may be the same.

    Arguments as `inspect`. What is to be compared between files is not, yet.
    """
    reports = [FileReport(path=Path(path)) for path in files]
    reports.sort(key=lambda r: (r.name, str(r.path)))
    for report in reports:
        _look_at_header(report, crs)
    _find_copies(reports)
    return BatchReport(files=reports)


def add_points(report: FileReport, found: PointStatistics | LidarError, sha256: str | None) -> None:
    """Add to a file's report what its points are like, or why they cannot be read."""
    report.sha256 = sha256
    if isinstance(found, PointStatistics):
        report.statistics = found
        report.faults += _point_faults(report, found)
    elif isinstance(found, DecodeError):
        report.faults.append(Fault(found.code, "refuse", str(found), found.fields))
    else:
        message = f"{report.name}: cannot be decoded ({found}); the file is damaged, copy it again"
        report.faults.append(Fault(DecodeError.code, "refuse", message))


def compare_systems(batch: BatchReport, expected: CRS | None) -> None:
    """Refuse files of other systems than the one expected, else than that of most points."""
    used = batch.used
    if not used:
        return
    wanted = expected or _most_common(used)
    for report in used:
        assert report.crs is not None
        if not crs_io.same(report.crs, wanted):
            code = "unexpected_crs" if expected is not None else "mixed_crs"
            message = (
                f"{report.name}: is in {report.crs_label}, the batch in {crs_io.label(wanted)}; have it "
                "reprojected, or run it as a batch of its own"
            )
            fields = {"crs": report.crs_label, "wanted": crs_io.label(wanted)}
            report.faults.append(Fault(code, "refuse", message, fields))
    batch.crs = wanted if batch.used else None


def compare_points(batch: BatchReport) -> None:
    """Refuse what does not fit the rest of a batch, once points were looked at or not."""
    batch.files.sort(key=lambda r: (r.name, r.sha256 or "", str(r.path)))
    _find_same_points(batch)
    _compare_heights(batch)
    batch.overlap_share = _overlap_share(batch)
    if not batch.used:
        batch.crs = None
        batch.faults = [refuse("nothing_to_do", "no file of the batch can be processed")]


def _look_at_header(report: FileReport, crs: CRS | None) -> None:
    try:
        report.size = report.path.stat().st_size
        header = headers.read(report.path)
    except HeaderError as error:
        report.faults.append(Fault(error.code, "refuse", str(error), error.fields))
        return
    except OSError as error:
        message = f"{report.name}: cannot be opened: {error.strerror or error}"
        report.faults.append(refuse("unreadable", message))
        return
    _add_header(report, header)
    report.file = _with_crs(report, header, crs)


def _look_at_points(report: FileReport, sandbox: Sandbox) -> None:
    if any(fault.code == "unreadable" for fault in report.faults):
        return
    report.sha256 = report.sha256 or sha256_of(report.path)
    if report.file is None or not report.used:
        return
    try:
        found = sandbox.call(describe, report.file)
    except (DecodeError, WorkerError) as error:
        add_points(report, error, report.sha256)
        return
    add_points(report, found, report.sha256)


def _add_header(report: FileReport, header: LasHeader) -> None:
    report.faults += headers.check(header)
    report.format = "COPC" if header.copc else "LAZ" if header.compressed else "LAS"
    report.version = f"{header.version[0]}.{header.version[1]}"
    report.point_format = header.point_format
    report.points = header.point_count
    report.software = header.software or None
    report.created = _created(header)


def _created(header: LasHeader) -> str | None:
    year, day = header.created
    if not (1995 <= year <= 2100 and 0 <= day <= 366):
        return None
    return str(dt.date(year, 1, 1) + dt.timedelta(days=max(day, 1) - 1))


def _with_crs(report: FileReport, header: LasHeader, crs: CRS | None) -> LasFile | None:
    try:
        source = crs_io.of(header, crs)
    except CrsError as error:
        report.faults.append(Fault(error.code, "refuse", str(error), error.fields))
        return None
    file = LasFile(header, source)
    report.crs, report.crs_label = source.crs, crs_io.label(source.crs)
    report.xy_to_m, report.z_to_m = source.xy_to_m, source.z_to_m
    if not any(f.code in ("bad_bounds", "bad_scale") for f in report.faults):
        report.bounds_m = file.bounds_m()
        low, high = header.minimum[2], header.maximum[2]
        report.height_range_m = (low * source.z_to_m, high * source.z_to_m)
    if source.xy_to_m != 1.0 or source.z_to_m != 1.0:
        report.faults.append(_feet(report, file))
    return file


def _feet(report: FileReport, file: LasFile) -> Fault:
    source = file.source
    assumed = "" if source.z_unit_stated else " (heights: not stated, taken to be as x and y)"
    return warn(
        "feet",
        f"{report.name}: is not in metres; x and y are multiplied by {source.xy_to_m:.8g}, heights by "
        f"{source.z_to_m:.8g}{assumed}",
        xy_to_m=source.xy_to_m,
        z_to_m=source.z_to_m,
        z_unit_stated=source.z_unit_stated,
    )


def _point_faults(report: FileReport, seen: PointStatistics) -> list[Fault]:
    return [
        *_amount_faults(report, seen),
        *_class_faults(report, seen),
        *_ground_faults(report, seen),
        *_time_faults(report, seen),
    ]


def _amount_faults(report: FileReport, seen: PointStatistics) -> list[Fault]:
    name, density, pulses = report.name, seen.density_m2, seen.pulse_density_m2
    if report.points < FEWEST_POINTS or density is None:
        message = f"{name}: {report.points} points are too few to say anything; leave it out"
        return [refuse("too_few_points", message, points=report.points)]
    if density < SPARSEST_M2:
        return [
            refuse(
                "too_sparse",
                f"{name}: {density:.2g} points per m2 on {seen.area_m2 / 1e6:.3g} km2: thinned out, or "
                "coordinates in other units than the file says; ask for the full delivery",
                density_m2=density,
            )
        ]
    faults = []
    if pulses is not None and pulses < LEAST_PULSE_DENSITY_M2:
        message = (
            f"{name}: {pulses:.2f} pulses per m2, under 1: terrain, trees and volumes are a rough "
            "picture, not figures to decide by"
        )
        faults.append(warn("very_low_density", message, pulse_density_m2=pulses))
    elif pulses is not None and pulses < LOW_PULSE_DENSITY_M2:
        message = f"{name}: {pulses:.2f} pulses per m2, under the usual 4; trees will be missed"
        faults.append(warn("low_density", message, pulse_density_m2=pulses))
    if seen.outside_bounds:
        faults.append(
            warn(
                "points_outside_bounds",
                f"{name}: {seen.outside_bounds} of {seen.points_seen} points seen lie outside the bounds "
                "in the header and are left out; have the bounds recomputed",
                outside=seen.outside_bounds,
                seen=seen.points_seen,
            )
        )
    return faults


def _class_faults(report: FileReport, seen: PointStatistics) -> list[Fault]:
    counts = {int(kind): n for kind, n in seen.classes.items()}
    total = max(sum(counts.values()), 1)
    water = counts.get(WATER, 0) / total
    noise = sum(counts.get(kind, 0) for kind in (LOW_NOISE, HIGH_NOISE)) / total
    faults = []
    if water >= MOSTLY:
        message = f"{report.name}: {water:.0%} of the points are water; no trees can be found there"
        faults.append(warn("mostly_water", message, share=round(water, 4)))
    if noise >= MUCH_NOISE:
        message = (
            f"{report.name}: {noise:.1%} of the points are classified as noise (7, 18) and are left "
            "out; ask how they were found when that seems much"
        )
        faults.append(warn("much_noise", message, share=round(noise, 4)))
    return faults


def _ground_faults(report: FileReport, seen: PointStatistics) -> list[Fault]:
    name = report.name
    if seen.heights_normalised:
        return [
            warn(
                "heights_normalised",
                f"{name}: heights are above ground already; the terrain is taken as 0, so slope and "
                "hillshade say nothing",
            )
        ]
    if not seen.ground_usable:
        return [
            warn(
                "no_ground_class",
                f"{name}: ground is not classified, or not well (share {seen.ground_share:.1%}, in "
                f"{seen.ground_spread:.0%} of the 20 m cells); it is found from the points",
                ground_share=seen.ground_share,
                ground_spread=seen.ground_spread,
            )
        ]
    return []


def _time_faults(report: FileReport, seen: PointStatistics) -> list[Fault]:
    reasons = {
        "none": "the point format has no time",
        "week": "GPS times are seconds of an unknown week",
        "unusable": "GPS times are missing or out of range",
    }
    reason = reasons.get(seen.time_kind)
    if reason is None:
        return []
    message = (
        f"{report.name}: the day of the scan is not in the file ({reason}); state it for the run"
    )
    return [warn("no_scan_date", message, time_kind=seen.time_kind)]


def _find_copies(reports: list[FileReport]) -> None:
    """Mark files with the same bytes as another; only those whose headers agree are read."""
    alike: defaultdict[tuple[Any, ...], list[FileReport]] = defaultdict(list)
    for report in reports:
        if report.file is not None:
            header = report.file.header
            alike[header.size, header.point_count, header.minimum, header.maximum].append(report)
    for group in alike.values():
        if len(group) > 1:
            _find_copies_among(group)


def _find_copies_among(reports: list[FileReport]) -> None:
    first: dict[str, str] = {}
    for report in reports:
        report.sha256 = sha256_of(report.path)
        if report.sha256 in first:
            report.duplicate_of = first[report.sha256]
            message = f"{report.name}: same bytes as {report.duplicate_of}; it is used once"
            report.faults.append(warn("duplicate", message, of=report.duplicate_of))
        else:
            first[report.sha256] = report.name


def _find_same_points(batch: BatchReport) -> None:
    """Mark files with the same points as another, stored in another way or order."""
    first: dict[tuple[str, int], str] = {}
    for report in batch.used:
        seen = report.statistics
        if seen is None or seen.fingerprint is None:
            continue
        key = (seen.fingerprint, seen.points_seen)
        if key in first:
            report.duplicate_of = first[key]
            message = f"{report.name}: same points as {report.duplicate_of}; they are used once"
            report.faults.append(warn("same_points", message, of=report.duplicate_of))
        else:
            first[key] = report.name


def _most_common(used: list[FileReport]) -> CRS:
    systems: list[tuple[CRS, int]] = []
    for report in used:
        assert report.crs is not None
        at = next((i for i, (c, _) in enumerate(systems) if crs_io.same(c, report.crs)), None)
        if at is None:
            systems.append((report.crs, report.points))
        else:
            systems[at] = (systems[at][0], systems[at][1] + report.points)
    return max(systems, key=lambda s: s[1])[0]


def _compare_heights(batch: BatchReport) -> None:
    """Refuse heights above ground in a batch of heights above the sea."""
    seen = [(r, r.statistics.heights_normalised) for r in batch.used if r.statistics is not None]
    if all(normalised for _, normalised in seen):
        return
    for report, normalised in seen:
        if normalised:
            message = (
                f"{report.name}: heights are above ground, those of the rest of the batch above the sea; "
                "run it as a batch of its own"
            )
            report.faults.append(refuse("mixed_heights", message))


def _overlap_share(batch: BatchReport) -> float:
    """Count on a lattice, so that ten thousand files on one place are no burden."""
    boxes = np.array([r.bounds_m for r in batch.used if r.bounds_m is not None])
    if len(boxes) < 2:
        return 0.0
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    scale = LATTICE / np.maximum(high - low, 1e-9)
    first = np.ceil((boxes[:, :2] - low) * scale - 0.5).astype(int)
    end = np.ceil((boxes[:, 2:] - low) * scale - 0.5).astype(int)
    files = np.zeros((LATTICE, LATTICE), np.int32)
    for (left, bottom), (right, top) in zip(first, end, strict=True):
        files[bottom:top, left:right] += 1
    covered = int((files > 0).sum())
    return float((files > 1).sum() / covered) if covered else 0.0
