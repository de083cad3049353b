"""Vector tiles by the generated SQL, read back by GDAL."""

from __future__ import annotations

import math

import psycopg2
import pyogrio
import pytest

from tiles.errors import TileAddressError
from tiles.vector import mvt


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    """Slippy-map arithmetic, written apart from the code under test."""
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * n), int(y * n)


@pytest.fixture
def read(cursor, layers, tmp_path):
    def get(name: str, z: int, x: int, y: int):
        cursor.execute(mvt.tile_sql(layers[name], z), {"z": z, "x": x, "y": y})
        path = tmp_path / f"{y}.mvt"
        path.write_bytes(bytes(cursor.fetchone()[0]))
        return pyogrio.raw.read(f"MVT:{path}", return_fids=False, encoding="utf-8")

    return get


def test_values_ids_and_declared_fields_only(read):
    meta, _, _, columns = read("stand", *tile_at(143.025, 44.205, 12))
    rows = dict(zip(meta["fields"], columns, strict=True))
    # GDAL shows a tile's feature id as mvt_id.
    assert set(rows) == {"mvt_id", "code", "volume", "seen", "sure"}
    by_code = {code: n for n, code in enumerate(rows["code"])}
    assert rows["volume"][by_code["01001"]] == 12.3  # 12.34 to the declared one digit
    assert rows["seen"][by_code["01001"]] == "2026-06-02"
    assert rows["mvt_id"][by_code["01002"]] == 2


def test_a_tile_elsewhere_is_empty_bytes(cursor, layers):
    z, x, y = tile_at(141.35, 43.06, 12)
    cursor.execute(mvt.tile_sql(layers["stand"], z), {"z": z, "x": x, "y": y})
    assert bytes(cursor.fetchone()[0]) == b""


def test_the_spatial_index_answers(cursor, layers):
    z, x, y = tile_at(143.025, 44.205, 14)
    cursor.execute("SET enable_seqscan = off")
    cursor.execute("EXPLAIN " + mvt.tile_sql(layers["stand"], z), {"z": z, "x": x, "y": y})
    plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Cond: (geom_3857 &&" in plan


@pytest.mark.parametrize("address", [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)])
def test_tiles_that_do_not_exist(address):
    with pytest.raises(TileAddressError) as caught:
        mvt.check_address(*address)
    assert caught.value.fields == dict(zip("zxy", address, strict=True))


def test_names_cannot_carry_sql():
    from tiles.errors import DeclarationError
    from tiles.layer import Geometry, VectorSource

    with pytest.raises(DeclarationError):
        VectorSource("x; drop table y", Geometry.POLYGON)
    assert psycopg2.paramstyle == "pyformat"  # what tile_sql writes its parameters in
