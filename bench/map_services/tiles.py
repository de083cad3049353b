"""Vector tiles of 小班: against ST_AsMVT over a bare connection, from what is kept, at small scales, under the policies."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from functools import partial

from bench.map_services.processes import Bare, Product, Reader, cpu_s, make_reader

LAYER = "subcompartment"
_CORES = 2  # the machine that the goal is stated for
_PLACES = """
    SELECT ST_X(p), ST_Y(p) FROM (
        SELECT ST_Transform(label_3857, 4326) AS p FROM maps_subcompartment
        WHERE municipality_code = coalesce(%(code)s, municipality_code)
        ORDER BY hashint8(fid) LIMIT %(count)s
    ) AS places
"""
_COUNT = """
    INSERT INTO tenancy.revision AS r (topic, shard, number) VALUES ('registry', 0, 1)
    ON CONFLICT (topic, shard) DO UPDATE SET number = r.number + 1 RETURNING 1
"""
Tile = tuple[int, int, int]


def measure(product: Product, bare: Bare) -> dict[str, float]:
    """Return the figures of vector tiles; the names are the keys."""
    code = largest(bare)
    readers = {
        "municipality": make_reader("municipality", code),
        "prefecture": make_reader("prefecture"),
    }
    against = [partial(_against_bare, product, bare, reader) for reader in readers.values()]
    return {
        "features": int(str(bare.value("SELECT count(*) FROM maps_subcompartment"))),
        "mvt_z12_vs_bare": round(min(ratio((10, 11, 12)) for ratio in against), 2),
        "mvt_z14_vs_bare": round(min(ratio((14, 15, 16)) for ratio in against), 2),
        "mvt_cached_per_s": round(_kept_per_s(product, bare, readers["municipality"])),
        **_small_scales(product, bare, readers["prefecture"]),
        **{f"rls_ratio_{name}": round(_policies(bare, r), 3) for name, r in readers.items()},
    }


def largest(bare: Bare) -> str:
    """Return the municipality with the most 小班."""
    statement = "SELECT municipality_code FROM maps_subcompartment GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    return str(bare.value(statement))


def tiles_under(bare: Bare, code: str | None, zoom: int, count: int) -> list[Tile]:
    """Return different tiles with 小班 of a municipality (None: of all) in them, the same ones each time."""
    places = bare.rows(_PLACES, {"code": code, "count": 40 * count})
    found = dict.fromkeys(tile_at(float(str(x)), float(str(y)), zoom) for x, y in places)
    return list(found)[:count]


def tile_at(longitude: float, latitude: float, zoom: int) -> Tile:
    """Return the web Mercator tile over a place in degrees."""
    side = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return zoom, int((longitude + 180) / 360 * side), int(y * side)


def _path(tile: Tile, layer: str = LAYER) -> str:
    return f"/maps/tiles/{layer}/{tile[0]}/{tile[1]}/{tile[2]}.mvt"


def _bare_tile(bare: Bare, tile: Tile, code: str | None = None) -> bytes:
    """Return a tile without policies; of one municipality's rows, that the answer is what its reader gets."""
    statement = _statement(tile)
    if code:
        statement = statement.replace(
            " WHERE geom", f" WHERE municipality_code = '{code}' AND geom"
        )
    params = dict(zip("zxy", tile, strict=True))
    return bytes(bare.value(statement, params) or b"")  # type: ignore[call-overload]


def _statement(tile: Tile) -> str:
    from forestgis.maps.catalogue import BY_NAME
    from tiles.vector.mvt import tile_sql

    return tile_sql(BY_NAME[LAYER], tile[0])


def _cost(pids: Iterable[int], tiles: Iterable[Tile], ask: Callable[[Tile], object]) -> float:
    pids = list(pids)
    before = cpu_s(pids)
    for tile in tiles:
        ask(tile)
    return cpu_s(pids) - before


def _forget(bare: Bare) -> None:
    """Let no process know a tile of the register any longer."""
    bare.rows(_COUNT)


def _against_bare(product: Product, bare: Bare, reader: Reader, zooms: Iterable[int]) -> float:
    """Return how many tiles the product makes while a bare connection makes one; each at its least disturbed."""
    plain = whole = 0.0
    for zoom in zooms:
        tiles = tiles_under(bare, reader.code, zoom, 25)
        costs = [_turn(product, bare, reader, tiles) for _ in range(7)]
        plain += min(cost for cost, _ in costs) / len(tiles)
        whole += min(cost for _, cost in costs) / len(tiles)
    return plain / whole


def _turn(product: Product, bare: Bare, reader: Reader, tiles: list[Tile]) -> tuple[float, float]:
    _forget(bare)
    plain = _cost(bare.processes(), tiles, lambda tile: _bare_tile(bare, tile, reader.code))
    product.get("/maps/tiles/municipality/6/57/23.mvt", reader)
    pids = product.processes(bare)
    whole = _cost(pids, tiles, lambda t: product.get(_path(t), reader))
    if set(product.processes(bare)) != set(pids):  # a connection was renewed meanwhile
        return _turn(product, bare, reader, tiles)
    return plain, whole


def _kept_per_s(product: Product, bare: Bare, reader: Reader) -> float:
    """Return how many unchanged tiles two processors answer in a second."""
    tiles = tiles_under(bare, reader.code, 14, 50)
    requests = tiles * 10
    for tile in tiles:
        product.get(_path(tile), reader)
    pids = product.processes(bare)
    costs = [_cost(pids, requests, lambda t: product.get(_path(t), reader)) for _ in range(7)]
    return len(requests) * _CORES / min(costs)


def _small_scales(product: Product, bare: Bare, reader: Reader) -> dict[str, float]:
    """Return processor time and size of the tiles below zoom 12, each made anew."""
    sizes, times = [], []
    for layer in (LAYER, "compartment", "municipality"):
        for zoom in range(5, 12):
            for tile in tiles_under(bare, None, zoom, 40):
                size, time_s = _made_anew(product, bare, reader, _path(tile, layer))
                sizes.append(size)
                times.append(time_s)
    if min(sizes) == 0:
        raise SystemExit("a tile with forest in it is empty")
    return {
        "low_zoom_p95_ms": round(statistics.quantiles(times, n=20)[-1] * 1e3, 1),
        "low_zoom_max_kb": round(max(sizes) / 1e3, 1),
    }


def _made_anew(product: Product, bare: Bare, reader: Reader, path: str) -> tuple[int, float]:
    """Return size and processor time of a tile that nobody remembers; the lesser of two times."""
    times = []
    for _ in range(2):
        _forget(bare)
        pids = product.processes(bare)
        before = cpu_s(pids)
        size = len(product.get(path, reader))
        times.append(cpu_s(pids) - before)
    return size, min(times)


def _policies(bare: Bare, reader: Reader) -> float:
    """Return the database's time for tiles under the reader's policies, relative to the owner's for the same bytes."""
    from django.db import connections

    from forestgis.tenancy.principal import Principal, transaction_as

    alias = "map_prefecture" if reader.code is None else "map"
    kind = "prefecture" if reader.code is None else "municipal"
    principal = Principal(kind, (reader.code,) if reader.code else ())  # type: ignore[arg-type]

    def held(tile: Tile) -> bytes:
        with connections[alias].cursor() as cursor:
            cursor.execute(_statement(tile), dict(zip("zxy", tile, strict=True)))
            row = cursor.fetchone()
        return bytes(row[0])

    with transaction_as(principal, using=alias):
        tiles = [
            tile
            for zoom in (12, 13, 14)
            for tile in tiles_under(bare, reader.code, zoom, 40)
            if len(held(tile)) == len(_bare_tile(bare, tile))
        ]
        backend = [connections[alias].connection.info.backend_pid]
        free = min(_cost(bare.processes()[1:], tiles, partial(_bare_tile, bare)) for _ in range(9))
        return min(_cost(backend, tiles, held) for _ in range(9)) / free


def database_times(bare: Bare, tiles: Iterable[Tile]) -> dict[Tile, float]:
    """Return the database's processor time for each tile, the least of nine."""
    backend = bare.processes()[1:]
    ask = partial(_bare_tile, bare)
    return {tile: min(_cost(backend, [tile], ask) for _ in range(9)) for tile in tiles}


def shared_by(registers: Iterable[Bare]) -> list[Tile]:
    """Return tiles that show the same 小班 in all of these registers: their keys differ, their number does not."""
    smallest, *others = registers
    return [
        tile
        for zoom in (12, 13, 14, 15)
        for tile in tiles_under(smallest, None, zoom, 60)
        if all(_rows_under(smallest, tile) == _rows_under(other, tile) for other in others)
    ]


def _rows_under(bare: Bare, tile: Tile) -> object:
    from tiles.vector.mvt import AROUND

    statement = (
        f"SELECT count(*), sum(area_ha) FROM maps_subcompartment WHERE geom_3857 && {AROUND}"  # noqa: S608 - constants
    )
    return bare.rows(statement, dict(zip("zxy", tile, strict=True)))
