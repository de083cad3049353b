"""The header of a LAS or LAZ file, read and checked before any library sees it.

Nothing here allocates by a number found in the file without holding it against
the file's size first: a header may be damaged or hostile. Layout: ASPRS LAS 1.4
R15, tables 3 and 5; LAZ by Isenburg (2013), the laszip record and chunk table.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from lidar.errors import HeaderError
from lidar.io.faults import Fault, refuse, warn

HEADER_BYTES = 375
VLR_HEADER = struct.Struct("<H16sHH32s")
EVLR_HEADER = struct.Struct("<H16sHQ32s")
LARGEST_RECORD_KEPT = 1_000_000
MINIMUM_RECORD_LENGTH = {
    0: 20,
    1: 28,
    2: 26,
    3: 34,
    4: 57,
    5: 63,
    6: 30,
    7: 36,
    8: 38,
    9: 59,
    10: 67,
}
SIZE_OF_HEADER = {0: 227, 1: 227, 2: 227, 3: 235, 4: 375}
COMPRESSED_BITS = 0xC0
PROJECTION = "LASF_Projection"
LASZIP = ("laszip encoded", 22204)
COPC = ("copc", 1)
LARGEST_INTEGER = 2.0**31 + 1
COARSEST = 1000.0
FURTHEST = 70_000_000.0  # a quarter of the Earth's girth is 66 million feet
WIDEST = 3_000_000.0


@dataclass(frozen=True, slots=True)
class Vlr:
    """A variable length record that matters here: projection, laszip or COPC."""

    user_id: str
    record_id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LasHeader:
    """Public header block of a file, in the units of the file.

    Parameters
    ----------
    minimum, maximum : (x, y, z)
        Bounds stated, in units of the file's coordinate system.
    points_by_return : tuple of int
        As stated; 5 numbers up to LAS 1.3, else 15.
    records : tuple of Vlr
        Projection, laszip and COPC records, of the extended ones too.
    """

    path: Path
    size: int
    version: tuple[int, int]
    point_format: int
    compressed: bool
    record_length: int
    header_size: int
    offset_to_points: int
    point_count: int
    points_by_return: tuple[int, ...]
    scale: tuple[float, float, float]
    offset: tuple[float, float, float]
    minimum: tuple[float, float, float]
    maximum: tuple[float, float, float]
    global_encoding: int
    created: tuple[int, int]
    system: str
    software: str
    vlr_count: int
    evlr_start: int
    evlr_count: int
    records: tuple[Vlr, ...] = ()

    @property
    def wkt_preferred(self) -> bool:
        """Whether the file says that its coordinate system is given as WKT."""
        return bool(self.global_encoding & 0x10)

    @property
    def adjusted_standard_time(self) -> bool:
        """Whether GPS times are adjusted standard seconds, not seconds of a week."""
        return bool(self.global_encoding & 0x01)

    @property
    def has_gps_time(self) -> bool:
        """Whether the point format carries times."""
        return self.point_format not in (0, 2)

    @property
    def copc(self) -> bool:
        """Whether the file is a cloud optimised point cloud."""
        return self.record(*COPC) is not None

    def record(self, user_id: str, record_id: int) -> bytes | None:
        """Return the data of the first such record, None when there is none."""
        return next(
            (r.data for r in self.records if (r.user_id, r.record_id) == (user_id, record_id)), None
        )


def read(path: Path) -> LasHeader:
    """Read the header and the records that matter.

    Parameters
    ----------
    path : Path
        LAS, LAZ or COPC file.

    Raises
    ------
    HeaderError
        If the file is no LAS file, or its header cannot be what it says.
    OSError
        If the file cannot be opened.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = _public_block(path, size, file.read(HEADER_BYTES))
        _check_layout(header)
        return replace(header, records=(*_vlrs(file, header), *_evlrs(file, header)))


def check(header: LasHeader) -> list[Fault]:
    """Return what is wrong with a header that could be read.

    A file with a "refuse" here must not be opened with any library.
    """
    faults = [*_number_faults(header), *_count_faults(header)]
    if header.compressed:
        faults += _laszip_faults(header)
    return faults


def _public_block(path: Path, size: int, block: bytes) -> LasHeader:
    version = _version(path, size, block)
    day, year, header_size, offset, n_vlrs, point_format, record_length, legacy = (
        struct.unpack_from("<HHHIIBHI", block, 90)
    )
    doubles = struct.unpack_from("<12d", block, 131)
    is_14 = version[1] == 4 and len(block) == HEADER_BYTES
    evlr_start, n_evlrs, count = struct.unpack_from("<QIQ", block, 235) if is_14 else (0, 0, 0)
    return LasHeader(
        path=path,
        size=size,
        version=version,
        point_format=point_format & ~COMPRESSED_BITS,
        compressed=bool(point_format & COMPRESSED_BITS),
        record_length=record_length,
        header_size=header_size,
        offset_to_points=offset,
        point_count=count or legacy,
        points_by_return=struct.unpack_from(
            *(("<15Q", block, 255) if is_14 else ("<5I", block, 111))
        ),
        scale=doubles[0:3],
        offset=doubles[3:6],
        minimum=doubles[7:12:2],
        maximum=doubles[6:12:2],
        global_encoding=struct.unpack_from("<H", block, 6)[0],
        created=(year, day),
        system=_text(block[26:58]),
        software=_text(block[58:90]),
        vlr_count=n_vlrs,
        evlr_start=evlr_start,
        evlr_count=n_evlrs,
    )


def _version(path: Path, size: int, block: bytes) -> tuple[int, int]:
    if len(block) < SIZE_OF_HEADER[0] or block[:4] != b"LASF":
        raise HeaderError(
            f"{path.name}: not a LAS or LAZ file (it does not start with LASF, or is shorter "
            "than a header); other formats must be converted first",
            file=path.name,
            size=size,
        )
    major, minor = block[24], block[25]
    if major != 1 or minor > 4:
        raise HeaderError(
            f"{path.name}: LAS version {major}.{minor} is unknown; versions 1.0 to 1.4 can be read",
            file=path.name,
            version=f"{major}.{minor}",
        )
    return major, minor


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("latin-1").strip()


def _check_layout(header: LasHeader) -> None:
    """Hold sizes and counts against the file, so that reading on cannot run away."""
    needed = SIZE_OF_HEADER[header.version[1]]
    room = header.offset_to_points - header.header_size
    problem = None
    if header.header_size < needed:
        problem = f"header size {header.header_size} is under the {needed} bytes of its version"
    elif room < 0 or header.offset_to_points > header.size:
        problem = f"points start at byte {header.offset_to_points} of a file of {header.size} bytes"
    elif header.vlr_count * VLR_HEADER.size > room:
        problem = f"{header.vlr_count} variable length records do not fit into {room} bytes"
    elif header.point_format not in MINIMUM_RECORD_LENGTH:
        problem = f"point format {header.point_format} is unknown; 0 to 10 can be read"
    if problem:
        raise _damaged(header, problem)


def _damaged(header: LasHeader, problem: str) -> HeaderError:
    name = header.path.name
    return HeaderError(
        f"{name}: damaged header: {problem}; copy the file again or have it exported anew",
        file=name,
        problem=problem,
    )


def _vlrs(file: BinaryIO, header: LasHeader) -> Iterator[Vlr]:
    end, at = header.offset_to_points, header.header_size
    for i in range(header.vlr_count):
        file.seek(at)
        head = file.read(VLR_HEADER.size)
        length = VLR_HEADER.unpack(head)[3] if len(head) == VLR_HEADER.size else end
        at += VLR_HEADER.size
        if at + length > end:
            raise _damaged(header, f"variable length record {i + 1} runs into the points")
        yield from _kept(file, head, VLR_HEADER, length)
        at += length


def _evlrs(file: BinaryIO, header: LasHeader) -> Iterator[Vlr]:
    """Read extended records; a damaged chain ends it, since points do not need them."""
    at = header.evlr_start
    for _ in range(header.evlr_count):
        file.seek(min(at, header.size))
        head = file.read(EVLR_HEADER.size)
        if len(head) < EVLR_HEADER.size:
            return
        length = EVLR_HEADER.unpack(head)[3]
        at += EVLR_HEADER.size
        if at + length > header.size:
            return
        yield from _kept(file, head, EVLR_HEADER, length)
        at += length


def _kept(file: BinaryIO, head: bytes, layout: struct.Struct, length: int) -> Iterator[Vlr]:
    _, user, record_id, _, _ = layout.unpack(head)
    user_id = _text(user)
    if user_id in (PROJECTION, LASZIP[0], COPC[0]) and length <= LARGEST_RECORD_KEPT:
        yield Vlr(user_id, record_id, file.read(length))


def _number_faults(header: LasHeader) -> Iterator[Fault]:
    yield from _bounds_faults(header)
    for axis in range(3):
        if not _can_hold_bounds(header, axis):
            scale, offset = header.scale[axis], header.offset[axis]
            yield refuse(
                "bad_scale",
                f"{header.path.name}: {'xyz'[axis]} with scale {scale} and offset {offset} cannot give "
                "the bounds in the header; the file is damaged, have it exported anew",
                axis="xyz"[axis],
                scale=_finite(scale),
                offset=_finite(offset),
            )


def _can_hold_bounds(header: LasHeader, axis: int) -> bool:
    """Tell whether 32-bit integers with this scale and offset reach the bounds stated."""
    scale, offset = header.scale[axis], header.offset[axis]
    if not (0 < abs(scale) < COARSEST and math.isfinite(offset)):
        return False
    bounds = (header.minimum[axis], header.maximum[axis]) if header.point_count else ()
    return all(not abs((bound - offset) / scale) > LARGEST_INTEGER for bound in bounds)


def _bounds_faults(header: LasHeader) -> Iterator[Fault]:
    name, low, high = header.path.name, header.minimum, header.maximum
    if header.point_count == 0:
        return
    if not all(map(math.isfinite, low + high)) or any(
        a > b for a, b in zip(low, high, strict=True)
    ):
        yield refuse(
            "bad_bounds",
            f"{name}: the bounds in the header are not numbers or are turned round ({low} to {high}); "
            "have them recomputed (lasinfo -repair, pdal translate)",
            minimum=[_finite(v) for v in low],
            maximum=[_finite(v) for v in high],
        )
    elif max(map(abs, low + high)) > FURTHEST or max(high[0] - low[0], high[1] - low[1]) > WIDEST:
        yield refuse(
            "bounds_too_large",
            f"{name}: the bounds {low} to {high} are no place on Earth: a point at infinity? "
            "remove it and have the bounds recomputed",
            minimum=list(low),
            maximum=list(high),
        )


def _count_faults(header: LasHeader) -> Iterator[Fault]:
    name = header.path.name
    least = MINIMUM_RECORD_LENGTH[header.point_format]
    if header.record_length < least:
        yield refuse(
            "bad_record_length",
            f"{name}: records of {header.record_length} bytes are too short for point format "
            f"{header.point_format} ({least}); the header is damaged",
            record_length=header.record_length,
            needed=least,
        )
    if header.point_count == 0:
        yield refuse("no_points", f"{name}: holds no points; leave it out of the batch")
    body = header.size - header.offset_to_points
    # a laszip chunk of identical points still costs its first record and some bytes a point in 2000
    possible = body // header.record_length if header.record_length else 0
    if header.compressed:
        possible = body * 2000
    if header.point_count > possible:
        yield refuse(
            "truncated",
            f"{name}: states {header.point_count} points, but its {header.size} bytes hold at most "
            f"{possible}: cut off while copying, or a wrong count; copy it again",
            stated=header.point_count,
            possible=possible,
        )
    by_return = sum(header.points_by_return)
    # before 1.4 only five returns are counted, so fewer is no fault
    if by_return > header.point_count:
        yield warn(
            "return_counts_differ",
            f"{name}: the counts by return add up to {by_return}, not to {header.point_count}; "
            "the header was not brought up to date",
            by_return=by_return,
            stated=header.point_count,
        )


def _laszip_faults(header: LasHeader) -> Iterator[Fault]:
    name = header.path.name
    record = header.record(*LASZIP)
    if record is None or len(record) < 34:
        yield refuse(
            "no_laszip_record",
            f"{name}: is compressed, but the record that says how is missing; copy the file again",
        )
        return
    compressor, coder = struct.unpack_from("<HH", record, 0)
    n_items = struct.unpack_from("<H", record, 32)[0]
    items = [
        struct.unpack_from("<HHH", record, 34 + 6 * i)
        for i in range(min(n_items, (len(record) - 34) // 6))
    ]
    item_bytes = sum(size for _, size, _ in items)
    if (
        compressor > 3
        or coder != 0
        or len(items) != n_items
        or any(kind > 14 for kind, _, _ in items)
    ):
        yield refuse(
            "unknown_compression",
            f"{name}: compressor {compressor}, coder {coder}, items {[k for k, _, _ in items]} are "
            "not known to any decoder; the file is damaged, copy it again",
            compressor=compressor,
            coder=coder,
        )
    elif item_bytes != header.record_length:
        yield refuse(
            "compression_differs",
            f"{name}: compressed records have {item_bytes} bytes, the header says "
            f"{header.record_length}; the file is damaged, copy it again",
            item_bytes=item_bytes,
            record_length=header.record_length,
        )
    elif compressor > 1:
        yield from _chunk_table_faults(header)


def _chunk_table_faults(header: LasHeader) -> Iterator[Fault]:
    """Look for the table of chunks, which comes last: a file cut off has lost it."""
    with header.path.open("rb") as file:
        file.seek(header.offset_to_points)
        raw = file.read(8)
        at = struct.unpack("<q", raw)[0] if len(raw) == 8 else header.size
        if at == -1 and header.size >= header.offset_to_points + 16:
            file.seek(-8, 2)
            at = struct.unpack("<q", file.read(8))[0]
        file.seek(max(0, min(at, header.size)))
        table = file.read(8)
    n_chunks = struct.unpack_from("<I", table, 4)[0] if len(table) == 8 else None
    if at < header.offset_to_points or n_chunks is None or n_chunks > header.size:
        yield refuse(
            "truncated",
            f"{header.path.name}: its table of chunks should be at byte {at} of {header.size}: cut off "
            "while copying; copy it again",
            table_at=at,
            size=header.size,
        )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
