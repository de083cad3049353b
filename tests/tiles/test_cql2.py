"""CQL2 asked of three stands (codes 01001-01003; volume 12.34, 50.0, unknown), and what it refuses."""

from __future__ import annotations

import json

import pytest
from pyproj import Transformer

from tiles.errors import FilterError
from tiles.features.cql2.load import MAX_DEPTH, load
from tiles.features.cql2.sql import where
from tiles.features.cql2.text import parse
from tiles.ogc.crs import epsg

FIRST = "POLYGON((143.011 44.201, 143.012 44.201, 143.012 44.202, 143.011 44.202, 143.011 44.201))"


@pytest.fixture
def find(cursor, layers):
    """Return the keys of the stands that a filter finds."""

    def ask(text: str, language: str = "cql2-text", **crs) -> list[int]:
        condition = where(load(text, language), layers["stand"], **crs)
        # Text of another test may stand in the code: it is part of no condition here but those about code.
        cursor.execute("UPDATE stand_view SET code = lpad((1000 + fid)::text, 5, '0')")
        cursor.execute(
            f"SELECT fid FROM stand_view WHERE {condition.sql} ORDER BY fid", condition.params
        )
        return [fid for (fid,) in cursor.fetchall()]

    return ask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code = '01001'", [1]),
        ("code <> '01001'", [2, 3]),
        ("NOT code = '01001' AND volume IS NOT NULL", [2]),
        ("volume IS NULL OR code = '01001' AND volume > 100", [3]),
        ("(volume IS NULL OR code = '01001') AND volume > 100", []),
        ("volume >= 50", [2]),
        ("volume < 50.0", [1]),
        ("volume BETWEEN 12 AND 50", [1, 2]),
        ("volume NOT BETWEEN 12 AND 20", [2]),
        ("code IN ('01001', '01003')", [1, 3]),
        ("code NOT IN ('01001')", [2, 3]),
        ("code LIKE '%1'", [1]),
        ("code LIKE '0100_'", [1, 2, 3]),
        ("code NOT LIKE '%1'", [2, 3]),
        ("CASEI(code) LIKE CASEI('%1')", [1]),
        ("volume * 2 - 4.68 = 20", [1]),
        ("volume / 0 > 1", []),
        ("-volume < -40", [2]),
        ("volume = volume", [1, 2]),
        ("sure = TRUE", [1]),
        ("sure", [1]),
        ("NOT sure", [2, 3]),
        ("seen = DATE('2026-06-03')", [2]),
        ("seen > TIMESTAMP('2026-06-03T12:00:00Z')", [3]),
        ("T_AFTER(seen, DATE('2026-06-03'))", [3]),
        ("T_BEFORE(seen, DATE('2026-06-03'))", [1]),
        ("T_INTERSECTS(seen, INTERVAL('2026-06-03', '..'))", [2, 3]),
        ("T_DISJOINT(seen, INTERVAL('2026-06-03', '..'))", [1]),
        ("T_DURING(seen, INTERVAL('2026-06-02', '2026-06-04'))", [2]),
        ("T_EQUALS(seen, DATE('2026-06-02'))", [1]),
        ("T_STARTS(seen, INTERVAL('2026-06-02', '2026-06-04'))", [1]),
        ("T_FINISHES(seen, INTERVAL('2026-06-02', '2026-06-04'))", [3]),
        (f"S_INTERSECTS(geom, {FIRST})", [1]),
        (f"S_CONTAINS(geom, {FIRST})", [1]),
        (f"S_WITHIN({FIRST}, geom)", [1]),
        (f"S_DISJOINT(geom, {FIRST})", [2, 3]),
        ("S_WITHIN(geom, ENVELOPE(143.0, 44.0, 143.025, 44.3))", [1]),
        ("S_INTERSECTS(geom, POINT(143.025 44.205))", [2]),
        ("S_TOUCHES(geom, POINT(143.02 44.205))", [1, 2]),
        ("S_CROSSES(geom, LINESTRING(143.0 44.205, 143.025 44.205))", [1, 2]),
        ("S_EQUALS(geom, ENVELOPE(143.01, 44.2, 143.02, 44.21))", [1]),
        ("S_OVERLAPS(geom, ENVELOPE(143.0, 44.2, 143.015, 44.21))", [1]),
    ],
)
def test_text_finds_what_it_says(find, text, expected):
    assert find(text) == expected
    assert find(json.dumps(parse(text)), "cql2-json") == expected


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("a=1 OR b=2 AND NOT c='it''s'",
         {"op": "or", "args": [{"op": "=", "args": [{"property": "a"}, 1]}, {"op": "and", "args": [
             {"op": "=", "args": [{"property": "b"}, 2]},
             {"op": "not", "args": [{"op": "=", "args": [{"property": "c"}, "it's"]}]}]}]}),
        ("t_intersects(event_time, INTERVAL('1969-07-16T05:32:00Z', '1969-07-24T16:50:35Z'))",
         {"op": "t_intersects", "args": [{"property": "event_time"},
             {"interval": ["1969-07-16T05:32:00Z", "1969-07-24T16:50:35Z"]}]}),
        ("eo:cloud_cover IN (0.1, 0.2)",
         {"op": "in", "args": [{"property": "eo:cloud_cover"}, [0.1, 0.2]]}),
        ("updated >= DATE('1970-01-01')",
         {"op": ">=", "args": [{"property": "updated"}, {"date": "1970-01-01"}]}),
    ],
)  # fmt: skip
def test_text_becomes_the_json_of_the_standards_examples(text, encoded):
    assert parse(text) == encoded


def test_coordinates_follow_the_axes_of_the_filters_system(find):
    x, y = Transformer.from_crs(6668, 6680, always_xy=True).transform(143.025, 44.205)
    assert find(f"S_INTERSECTS(geom, POINT({y} {x}))", crs=epsg(6680)) == [2]
    assert find(f"S_INTERSECTS(geom, POINT({x} {y}))", crs=epsg(6680)) == []
    assert find("S_INTERSECTS(geom, POINT(44.205 143.025))", crs=epsg(4326)) == [2]


def test_values_never_become_sql(find):
    assert find("code = '''; DROP TABLE stand_view; --'") == []
    assert find("code LIKE '%s%%'") == []


def test_the_spatial_index_is_asked(cursor, layers):
    condition = where(parse("S_INTERSECTS(geom, POINT(143.025 44.205))"), layers["stand"])
    cursor.execute("SET enable_seqscan = off")
    cursor.execute(f"EXPLAIN SELECT 1 FROM stand_view WHERE {condition.sql}", condition.params)
    plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Cond: (geom_3857 &&" in plan


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("owner = 'x'", "no property"),
        ("geom_3857 IS NULL", "no property"),
        ("code = ", "character"),
        ("code", "boolean is needed"),
        ("code = 1", "text is needed"),
        ("volume > 'x'", "number is needed"),
        ("geom = geom", "S_INTERSECTS"),
        ("pg_sleep(10) = 1", "not offered"),
        ("seen > DATE('2026-13-01')", "no date"),
        ("code LIKE 'a\\'", "character"),
        ("S_INTERSECTS(geom, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))", "Self-intersection"),
        ("S_INTERSECTS(geom, POLYGON((0 0, 1 1)))", "not CQL2"),
        ("S_INTERSECTS(geom, POINT(1 1e999))", "finite|not CQL2"),
        ("S_INTERSECTS(geom, code)", "geometry is needed"),
        ("T_AFTER(code, DATE('2026-06-01'))", "temporal"),
        (" AND ".join(["sure"] * 1000), "parts"),
        ("NOT " * 1000 + "sure", "deep"),
        ("x" * 20_001, "characters"),
    ],
)
def test_mistakes_are_named(layers, text, said):
    with pytest.raises(FilterError, match=said):
        where(load(text, "cql2-text"), layers["stand"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON at character"),
        ("[]", "not understood"),
        ("3", "boolean is needed"),
        ('{"op": "=", "args": [1]}', "takes 2"),
        ('{"op": "like", "args": [{"property": "code"}, "a\\\\"]}', "escape"),
        ('{"op": "=", "args": [{"property": "code"}, "\\u0000"]}', "NUL"),
        ('{"op": "in", "args": [{"property": "code"}, []]}', "list"),
        ('{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point", "coordinates": "x"}]}', "GeoJSON"),
        ('{"op": "s_intersects", "args": [{"property": "geom"}, {"bbox": [1, 2, 3]}]}', "GeoJSON"),
        ("[" * 5000 + "]" * 5000, "deep|understood"),
        ('{"op":"not","args":[' * 200 + "true" + "]}" * 200, f"more than {MAX_DEPTH} deep"),
    ],
)  # fmt: skip
def test_mistakes_in_json_are_named(layers, text, said):
    with pytest.raises(FilterError, match=said):
        where(load(text, "cql2-json"), layers["stand"])
