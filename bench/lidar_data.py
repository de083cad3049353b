"""Batches for the engine's benchmark, made of four real tiles by moving their headers' offsets."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from bench.measure import shared_data

ACROSS_M, ALONG_M = 207.0, 1061.0
NAMES = ("bcts_1", "bcts_2", "bcts_3", "bcts_4")
OFFSETS_AT = 155
BOUNDS_AT = 179


def batches(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Return one file, twenty and two hundred, of one forest repeated side by side."""
    many = [
        _moved(name, column * ACROSS_M, row * ALONG_M, folder / f"{row}_{column}_{name}.laz")
        for row in range(5)
        for column in range(10)
        for name in NAMES
    ]
    twenty = [file for file in many if int(file.name[0]) == 0 and int(file.name[2]) < 5]
    return many[1:2], twenty, many


def headers(folder: Path, count: int = 10_000) -> Path:
    """Return a folder of so many files, each with a header and place of its own.

    Their points are those of one small file of the four, kept once on the disk but for
    the headers: only the inspection of headers makes sense of them.
    """
    out = folder / "headers"
    out.mkdir()
    data = _file(NAMES[0]).read_bytes()
    start = struct.unpack_from("<I", data, 96)[0]
    for i in range(count):
        head = _shifted(data[:start], (i % 100) * ACROSS_M, (i // 100) * ALONG_M)
        with (out / f"{i:05d}.laz").open("wb") as file:
            file.write(head)
            # the table of chunks is looked for at the end; what lies between is a hole
            file.write(data[start : start + 8])
            file.seek(len(data) - 64)
            file.write(data[-64:])
            table = struct.unpack_from("<q", data, start)[0]
            os.pwrite(file.fileno(), data[table : table + 8], table)
    return out


def _file(name: str) -> Path:
    return shared_data() / "lidar" / "forest" / f"{name}.laz"


def _moved(name: str, east_m: float, north_m: float, out: Path) -> Path:
    out.write_bytes(_shifted(_file(name).read_bytes(), east_m, north_m))
    return out


def _shifted(data: bytes, east_m: float, north_m: float) -> bytes:
    """Return a LAS file's bytes with everything moved, points untouched."""
    moved = bytearray(data)
    x, y, z = struct.unpack_from("<3d", moved, OFFSETS_AT)
    struct.pack_into("<3d", moved, OFFSETS_AT, x + east_m, y + north_m, z)
    high_x, low_x, high_y, low_y = struct.unpack_from("<4d", moved, BOUNDS_AT)
    struct.pack_into(
        "<4d",
        moved,
        BOUNDS_AT,
        *(high_x + east_m, low_x + east_m, high_y + north_m, low_y + north_m),
    )
    return bytes(moved)
