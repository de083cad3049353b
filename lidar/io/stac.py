"""STAC items: what a raster shows, of when, from which points."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import shapely
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.io.cog import RasterKind
from lidar.io.vector import reprojected

EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
]
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
LONGITUDE_LATITUDE = CRS.from_epsg(4326)


@dataclass(frozen=True, slots=True)
class Times:
    """First and last day of the scan, ISO 8601, and who says so: gps, stated, header, unknown."""

    first: str
    last: str
    source: str

    @property
    def known(self) -> bool:
        """Whether it is the day of the scan, not only that of a file's header."""
        return self.source in ("gps", "stated")


def item(
    path: Path,
    grid: Grid,
    kind: RasterKind,
    sha256: str,
    times: Times,
    properties: dict[str, Any],
) -> dict[str, Any]:
    """Return the item of one raster.

    Parameters
    ----------
    path : Path
        Of the raster; the item refers to it as ``../rasters/<name>``.
    grid : Grid
    kind : RasterKind
    sha256 : str
        Of the raster's bytes, hexadecimal.
    times : Times
    properties : dict
        More properties, with the prefix ``forestgis:``.
    """
    footprint = _footprint(grid)
    made = pystac.Item(
        id=kind.name,
        geometry=shapely.geometry.mapping(footprint),
        bbox=[round(v, 7) for v in footprint.bounds],
        datetime=None if times.first != times.last else _noon(times.first),
        start_datetime=_noon(times.first, 0) if times.first != times.last else None,
        end_datetime=_noon(times.last, 23) if times.first != times.last else None,
        properties={
            "title": kind.title,
            "gsd": grid.cell_m,
            **_projection(grid),
            "forestgis:date_source": times.source,
            **{f"forestgis:{name}": value for name, value in properties.items()},
        },
        stac_extensions=EXTENSIONS,
    )
    made.add_asset(
        "data",
        pystac.Asset(
            href=f"../rasters/{path.name}",
            media_type=COG_TYPE,
            roles=["data"],
            extra_fields={
                "file:checksum": f"1220{sha256}",
                "file:size": path.stat().st_size,
                "bands": [{"name": kind.name, "unit": kind.unit, "nodata": kind.nodata}],
            },
        ),
    )
    return made.to_dict(include_self_link=False, transform_hrefs=False)


def _projection(grid: Grid) -> dict[str, Any]:
    code = grid.crs.to_epsg()
    return {
        "proj:code": f"EPSG:{code}" if code else None,
        **({} if code else {"proj:wkt2": grid.crs.to_wkt()}),
        "proj:shape": list(grid.shape),
        "proj:transform": list(grid.transform)[:6],
        "proj:bbox": list(grid.bounds),
    }


def _footprint(grid: Grid) -> shapely.Polygon:
    outline = shapely.segmentize(shapely.box(*grid.bounds), grid.cols * grid.cell_m / 8)
    moved = reprojected(np.array([outline], dtype=np.object_), grid.crs, LONGITUDE_LATITUDE)[0]
    return shapely.Polygon(shapely.set_precision(moved, 1e-7))


def _noon(day: str, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), dt.UTC)
