"""The coordinate system a file states, and the same projection in metres."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import rasterio
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjError
from rasterio.io import MemoryFile

from lidar.errors import CrsError, GeographicCrsError, NoCrsError
from lidar.io.headers import PROJECTION, LasHeader

WKT = 2112
GEO_KEYS, GEO_DOUBLES, GEO_TEXT = 34735, 34736, 34737
VERTICAL_UNIT_KEY = 4099
UNIT_M = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937}
JGD2011_ZONES, JGD2000_ZONES = 6668, 2442


@dataclass(frozen=True, slots=True)
class SourceCrs:
    """Coordinate system of a file.

    Parameters
    ----------
    crs : pyproj.CRS
        Horizontal projection in metres.
    xy_to_m, z_to_m : float
        Factors from the file's units to metres.
    z_unit_stated : bool
        False where the file gives no vertical unit and that of x and y was taken.
    stated_by : str
        "wkt", "geotiff" or "user".
    """

    crs: CRS
    xy_to_m: float
    z_to_m: float
    z_unit_stated: bool
    stated_by: str


def of(header: LasHeader, given: CRS | None = None) -> SourceCrs:
    """Return the coordinate system of a file.

    Parameters
    ----------
    header : LasHeader
        Of the file.
    given : pyproj.CRS, optional
        Used for a file that states none.

    Raises
    ------
    NoCrsError
        If the file states none and none is given.
    GeographicCrsError
        If coordinates are degrees.
    CrsError
        If what the file states cannot be understood or is not a projection.
    """
    stated_by, crs, z_to_m = _stated(header)
    if crs is None:
        stated_by, crs = "user", given
    if crs is None:
        raise NoCrsError(
            f"{header.path.name}: states no coordinate system; say which it is (EPSG code, e.g. 6680 "
            "for zone XII of JGD2011)",
            file=header.path.name,
        )
    horizontal, vertical = _split(crs)
    _require_projected(header, horizontal)
    xy_to_m = float(horizontal.axis_info[0].unit_conversion_factor)
    if vertical is not None:
        z_to_m = float(vertical.axis_info[0].unit_conversion_factor)
    return SourceCrs(
        crs=known(horizontal) if xy_to_m == 1.0 else in_metres(horizontal),
        xy_to_m=xy_to_m,
        z_to_m=z_to_m or xy_to_m,
        z_unit_stated=z_to_m is not None,
        stated_by=stated_by,
    )


@lru_cache
def known(crs: CRS) -> CRS:
    """Return the registered system that this is, or itself when it is none."""
    code = crs.to_epsg()
    return CRS.from_epsg(code) if code is not None else crs


@lru_cache
def in_metres(crs: CRS) -> CRS:
    """Return a projection of other units with its axes in metres."""
    definition = crs.to_json_dict()
    for axis in definition["coordinate_system"]["axis"]:
        axis["unit"] = "metre"
    definition.pop("id", None)
    definition["name"] = f"{definition['name']} (metres)"
    return CRS.from_json_dict(definition)


def same(a: CRS, b: CRS) -> bool:
    """Tell whether two systems place points alike, whatever their names and axis order."""
    return a == b or a.is_exact_same(b) or a.equals(b, ignore_axis_order=True)


def plane_zone(crs: CRS) -> int | None:
    """Return the zone 1-19 of the Japanese plane rectangular system, None for any other."""
    code = crs.to_epsg() or 0
    for before_first in (JGD2011_ZONES, JGD2000_ZONES):
        if 1 <= code - before_first <= 19:
            return code - before_first
    return None


def label(crs: CRS) -> str:
    """Return EPSG:n where there is a number, else the name."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name


def _stated(header: LasHeader) -> tuple[str, CRS | None, float | None]:
    """Return who states it, the system, and the vertical unit if stated apart from it."""
    wkt, keys = header.record(PROJECTION, WKT), header.record(PROJECTION, GEO_KEYS)
    text = wkt.split(b"\0", 1)[0].decode("utf-8", "replace").strip() if wkt else ""
    if text and (header.wkt_preferred or not keys):
        return "wkt", _from_wkt(header, text), None
    if keys and len(keys) > 8:
        return "geotiff", _from_geo_keys(header), _vertical_unit(keys)
    return "none", None, None


def _from_wkt(header: LasHeader, text: str) -> CRS:
    try:
        return _crs_of_wkt(text)
    except ProjError as error:
        raise CrsError(
            f"{header.path.name}: its coordinate system cannot be understood ({text[:60]!r}); say which "
            "it is (EPSG code) or have the file exported anew",
            file=header.path.name,
            wkt=text[:200],
        ) from error


def _from_geo_keys(header: LasHeader) -> CRS | None:
    tags = (header.record(PROJECTION, key) or b"" for key in (GEO_KEYS, GEO_DOUBLES, GEO_TEXT))
    try:
        return _crs_of_geo_keys(*tags)
    except (rasterio.errors.RasterioError, ProjError) as error:
        raise CrsError(
            f"{header.path.name}: its GeoTIFF keys give no coordinate system ({error}); say which it is "
            "(EPSG code)",
            file=header.path.name,
        ) from error


@lru_cache
def _crs_of_wkt(text: str) -> CRS:
    return CRS.from_wkt(text)


@lru_cache
def _crs_of_geo_keys(keys: bytes, doubles: bytes, text: bytes) -> CRS | None:
    """Let GDAL read the keys, as the tags of a one-pixel GeoTIFF made for it."""
    tiff = _geotiff({GEO_KEYS: keys, GEO_DOUBLES: doubles, GEO_TEXT: text})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with MemoryFile(tiff) as memory, memory.open() as dataset:
            return CRS.from_wkt(dataset.crs.to_wkt()) if dataset.crs else None


def _geotiff(tags: dict[int, bytes]) -> bytes:
    """Return a TIFF of one pixel with these tags: shorts, doubles, text."""
    size = {3: 2, 4: 4, 12: 8, 2: 1}
    entries = [(256, 3, b"\1\0"), (257, 3, b"\1\0"), (258, 3, b"\x08\0"), (259, 3, b"\1\0")]
    entries += [(262, 3, b"\1\0"), (273, 4, struct.pack("<I", 8)), (277, 3, b"\1\0")]
    entries += [(278, 3, b"\1\0"), (279, 4, struct.pack("<I", 1))]
    entries += [(33550, 12, struct.pack("<3d", 1, 1, 0)), (33922, 12, bytes(48))]
    entries += [
        (k, {GEO_KEYS: 3, GEO_DOUBLES: 12, GEO_TEXT: 2}[k], v) for k, v in tags.items() if v
    ]
    first = 16
    data_at = first + 2 + 12 * len(entries) + 4
    directory, data = struct.pack("<H", len(entries)), b""
    for tag, kind, raw in entries:
        value = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", data_at + len(data))
        directory += struct.pack("<HHI", tag, kind, len(raw) // size[kind]) + value
        data += raw + b"\0" * (len(raw) % 2) if len(raw) > 4 else b""
    return b"II*\0" + struct.pack("<I", first) + bytes(8) + directory + bytes(4) + data


def _vertical_unit(keys: bytes) -> float | None:
    codes = [value for key, value in _short_keys(keys) if key == VERTICAL_UNIT_KEY]
    return UNIT_M.get(codes[0]) if codes else None


def _short_keys(keys: bytes) -> Iterator[tuple[int, int]]:
    values = struct.unpack(f"<{len(keys) // 2}H", keys[: len(keys) // 2 * 2])
    for i in range(4, len(values) - 3, 4):
        key, location, _, value = values[i : i + 4]
        if location == 0:
            yield key, value


@lru_cache
def _split(crs: CRS) -> tuple[CRS, CRS | None]:
    """Return the horizontal and the vertical part of a system."""
    if crs.is_compound:
        horizontal, vertical = crs.sub_crs_list[:2]
        return _split(horizontal)[0], vertical
    if crs.is_bound and crs.source_crs is not None:
        return _split(crs.source_crs)
    return crs.to_2d(), None


def _require_projected(header: LasHeader, crs: CRS) -> None:
    fields: dict[str, Any] = {"file": header.path.name, "crs": crs.name}
    if crs.is_geographic or crs.is_geocentric:
        raise GeographicCrsError(
            f"{header.path.name}: coordinates are longitude and latitude ({crs.name}); volumes need a "
            "projection in metres: have the file reprojected to the plane rectangular zone",
            **fields,
        )
    if not crs.is_projected:
        raise CrsError(
            f"{header.path.name}: {crs.name} is not a map projection; have the file exported in the "
            "plane rectangular zone",
            **fields,
        )
