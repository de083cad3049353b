"""Cadastral maps and ledgers of a place in 滝上町, zone XII, written by the tests themselves."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from shapely.geometry import MultiPolygon, box

from tests.registry.conftest import SOUTH, WEST, in_degrees

CODE = "01560"
SYSTEM = "公共座標12系"

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<地図 xmlns="http://www.moj.go.jp/MINJI/tizuxml" xmlns:zmn="http://www.moj.go.jp/MINJI/tizuzumen">
<version>ver1.0</version><地図名>{name}</地図名><市区町村コード>{code}</市区町村コード>
<市区町村名>紋別郡滝上町</市区町村名><座標系>{system}</座標系><測地系判別>測量</測地系判別>
"""


def moj_map(
    lots: dict[str, Sequence[tuple[float, float]]],
    *,
    name: str = "滝上-1",
    code: str = CODE,
    system: str = SYSTEM,
    oaza: str = "字滝上",
) -> str:
    """Return a 登記所備付地図 with one ring a lot; coordinates are east, north in metres.

    A lot may come twice: ``{"12-1": ..., "12-1 ": ...}``.
    """
    points, curves, surfaces, subjects = [], [], [], []
    for n, (number, ring) in enumerate(lots.items(), 1):
        ids = [f"{n}{k:05d}" for k in range(len(ring))]
        for pid, (east, north) in zip(ids, ring, strict=True):
            xy = f"<zmn:X>{north:.3f}</zmn:X><zmn:Y>{east:.3f}</zmn:Y>"
            points.append(
                f'<zmn:GM_Point id="P{pid}"><zmn:GM_Point.position><zmn:DirectPosition>{xy}'
                "</zmn:DirectPosition></zmn:GM_Point.position></zmn:GM_Point>"
            )
        for a, b in zip(ids, [*ids[1:], ids[0]], strict=True):
            column = "".join(
                "<zmn:GM_PointArray.column><zmn:GM_Position.indirect>"
                f'<zmn:GM_PointRef.point idref="P{pid}"/>'
                "</zmn:GM_Position.indirect></zmn:GM_PointArray.column>"
                for pid in (a, b)
            )
            curves.append(
                f'<zmn:GM_Curve id="C{a}"><zmn:GM_Curve.segment><zmn:GM_LineString>'
                f"<zmn:GM_LineString.controlPoint>{column}</zmn:GM_LineString.controlPoint>"
                "</zmn:GM_LineString></zmn:GM_Curve.segment></zmn:GM_Curve>"
            )
        generators = "".join(f'<zmn:GM_CompositeCurve.generator idref="C{i}"/>' for i in ids)
        surfaces.append(
            f'<zmn:GM_Surface id="F{n}"><zmn:GM_Surface.patch><zmn:GM_Polygon>'
            "<zmn:GM_Polygon.boundary><zmn:GM_SurfaceBoundary><zmn:GM_SurfaceBoundary.exterior>"
            f"<zmn:GM_Ring>{generators}</zmn:GM_Ring>"
            "</zmn:GM_SurfaceBoundary.exterior></zmn:GM_SurfaceBoundary></zmn:GM_Polygon.boundary>"
            "</zmn:GM_Polygon></zmn:GM_Surface.patch></zmn:GM_Surface>"
        )
        subjects.append(
            f'<筆 id="H{n}"><大字コード>015</大字コード><大字名>{oaza}</大字名>'
            f'<地番>{number.strip()}</地番><形状 idref="F{n}"/><精度区分>甲二</精度区分></筆>'
        )
    return (
        _HEAD.format(name=name, code=code, system=system)
        + f"<空間属性>{''.join(points + curves + surfaces)}</空間属性>"
        + f"<主題属性>{''.join(subjects)}</主題属性></地図>"
    )


def ring(column: int, row: int, side_m: float = 100.0) -> list[tuple[float, float]]:
    """Corners of a square of the checkerboard of `tests/registry/conftest.py`."""
    west, south = WEST + column * side_m, SOUTH + row * side_m
    return [
        (west, south),
        (west, south + side_m),
        (west + side_m, south + side_m),
        (west + side_m, south),
    ]


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a ZIP archive of the members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def written(tmp_path):
    """Return `written(name, content)`: the path of a file with text or bytes in it."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture(scope="module")
def area():
    """Area of the municipality: 2 km around the squares, EPSG:6668."""
    return in_degrees(box(WEST - 2000, SOUTH - 2000, WEST + 2000, SOUTH + 2000))


@pytest.fixture(scope="module")
def place(database, host_principal, area):
    """滝上町, and 西興部村 beside it that has nothing."""
    from forestgis.registry.geometry import to_geos
    from forestgis.registry.models import Municipality
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(host_principal):
        rows = [
            Municipality(
                code=code, code6=f"{code}1", name=name, bureau="オホーツク総合振興局", zone=12,
                geom=to_geos(MultiPolygon([area])),
            )
            for code, name in ((CODE, "滝上町"), ("01562", "西興部村"))
        ]  # fmt: skip
        Municipality.objects.bulk_create(rows)
    return rows[0]
