"""Pictures: WMS against the same MapServer process without our gate, raster tiles against a bare read and encoding."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

from bench.databases import admin_address
from bench.map_services.processes import Bare, Product, Reader, cpu_s, make_reader
from bench.map_services.tiles import tile_at

_TURNS = 9
_LAYER = "subcompartment"


@contextmanager
def map_server() -> Iterator[list[int]]:
    """Run one MapServer process that the product finds by MAPSERV_SOCKET; yield its id."""
    from forestgis.maps import mapserver
    from tiles.ogc import fcgi

    with tempfile.TemporaryDirectory(prefix="fg") as short:
        files = mapserver.MapServerFiles(Path(short))
        mapserver.write_files(files)
        environment = {"MAPSERVER_CONFIG_FILE": str(files.config), "PATH": os.defpath}
        with fcgi.pool(mapserver.PROGRAM, Path(short) / "s", environment) as path:
            os.environ["MAPSERV_SOCKET"] = str(path)
            yield _children_named("mapserv")


def _children_named(name: str) -> list[int]:
    for _ in range(100):
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        found = [pid for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == name]
        if found:
            return [int(pid) for pid in found]
        time.sleep(0.1)
    raise SystemExit(f"{name} does not run")


def wms_ratio(product: Product, bare: Bare, helpers: list[int]) -> float:
    """Return how many maps the product gives while MapServer alone gives one, by processor time."""
    reader = make_reader("prefecture")
    queries = [_query(bare, number) for number in range(12)]
    alone = _alone(queries, helpers)
    through = min(_through(product, bare, reader, queries) for _ in range(_TURNS))
    return alone / through


def _query(bare: Bare, number: int) -> str:
    statement = (
        "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Expand(label_3857, 2500) AS b"
        " FROM maps_subcompartment ORDER BY hashint8(fid) OFFSET %s LIMIT 1) AS q"
    )
    box = ",".join(str(value) for value in bare.rows(statement, [number])[0])
    return (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:3857&WIDTH=512&HEIGHT=512&FORMAT=image/png"
        f"&TRANSPARENT=TRUE&STYLES=&LAYERS={_LAYER}&BBOX={box}"
    )


def _through(product: Product, bare: Bare, reader: Reader, queries: list[str]) -> float:
    pids = product.processes(bare)
    before = cpu_s(pids)
    for query in queries:
        product.get(f"/wms?{query}", reader)
    return cpu_s(pids) - before


def _alone(queries: list[str], helpers: list[int]) -> float:
    """Return the least time of MapServer and its connections, asked as the superuser over the same socket."""
    from tiles.ogc import fcgi

    info = psycopg2.extensions.parse_dsn(admin_address())
    variables = {
        "REQUEST_METHOD": "GET", "SERVER_NAME": "x", "SERVER_PORT": "80", "SCRIPT_NAME": "/wms",
        "PGHOST": info["host"], "PGPORT": info["port"], "PGDATABASE": info["dbname"],
        "PGUSER": info["user"], "PGPASSWORD": info["password"],
    }  # fmt: skip
    costs = []
    for _ in range(_TURNS):
        pids = [os.getpid(), *helpers]
        before = cpu_s(pids)
        for query in queries:
            fcgi.call(os.environ["MAPSERV_SOCKET"], {**variables, "QUERY_STRING": query})
        costs.append(cpu_s(pids) - before)
    return min(costs)


def cog_ratio() -> float:
    """Return the time of raster tiles relative to reading as many pixels of the file and encoding the same pictures."""
    from forestgis.maps.catalogue import BY_NAME
    from tiles.raster.grid import WEB_MERCATOR
    from tiles.raster.tile import picture

    layer = BY_NAME["raster_canopy_height"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chm.tif"
        _write(path)
        with rasterio.open(path) as data:
            longitude, latitude = data.lnglat()
            z, x, y = tile_at(longitude, latitude, 17)
            grids = [WEB_MERCATOR.grid(z, x + n % 3, y + n // 3) for n in range(9)]
            pictures = [picture(layer, [path], grid, "png") for grid in grids]
            drawn = [_decoded(picture_) for picture_ in pictures]
            ours = _least(lambda: [picture(layer, [path], grid, "png") for grid in grids])
            bare = _least(lambda: [_read_and_encode(data, n, drawn[n]) for n in range(9)])
    return ours / bare


def _write(path: Path) -> None:
    """Write heights of crowns 4 m wide, 0.5 m a pixel."""
    rows, columns = np.mgrid[0:4096, 0:4096]
    heights = (12 + 8 * np.sin(rows / 4) * np.sin(columns / 4) + 4 * np.sin(rows / 700)).astype(
        "f4"
    )
    profile = {"driver": "COG", "height": 4096, "width": 4096, "count": 1, "dtype": "float32"}
    place = {"crs": "EPSG:6680", "transform": from_origin(-90000, 26000, 0.5, 0.5), "nodata": -9999}
    with rasterio.open(path, "w", **profile, **place, compress="deflate", predictor=3) as data:
        data.write(heights, 1)


def _decoded(content: bytes) -> np.ndarray[Any, Any]:
    with rasterio.MemoryFile(content) as memory, memory.open() as data:
        picture: np.ndarray[Any, Any] = data.read()
    return picture


def _read_and_encode(data: rasterio.DatasetReader, n: int, drawn: np.ndarray[Any, Any]) -> bytes:
    """Read 256 by 256 pixels of the file and encode a picture that is drawn already."""
    from rio_tiler.utils import render

    data.read(1, window=Window(1500 + 256 * (n % 3), 1500 + 256 * (n // 3), 256, 256), masked=True)
    return bytes(render(drawn[:3], mask=drawn[3], img_format="PNG", zlevel=3))


def _least(work: Callable[[], object]) -> float:
    """Return the least processor time of a piece of work."""
    costs = []
    for _ in range(_TURNS):
        before = cpu_s([os.getpid()])
        work()
        costs.append(cpu_s([os.getpid()]) - before)
    return min(costs)
