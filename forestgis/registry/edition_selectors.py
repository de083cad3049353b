"""Reads of editions, and of what differs between two of them."""

# Queries are put together from constants of this module; values are parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection
from django.db.models import QuerySet

from forestgis.registry.models import Edition, Municipality

Kind = Literal["new", "changed", "removed"]
KINDS: tuple[Kind, ...] = ("new", "changed", "removed")

# Two versions of a 小班 are the same when shape, areas and all storeys are. Keys of rows say nothing.
_COMPARED = """
    WITH one AS ({side}), other AS ({side_b}),
    compared AS (
        SELECT coalesce(other.keycode, one.keycode) AS keycode,
               coalesce(other.compartment_number, one.compartment_number) AS compartment_number,
               coalesce(other.number, one.number) AS number,
               CASE WHEN one.keycode IS NULL THEN 'new' WHEN other.keycode IS NULL THEN 'removed'
                    ELSE 'changed' END AS kind,
               one.area_ha AS area_before, other.area_ha AS area_after,
               one.fields AS before, other.fields AS after,
               one.geom IS DISTINCT FROM other.geom AS reshaped,
               coalesce(other.geom, one.geom) AS geom
        FROM one FULL JOIN other USING (keycode)
        WHERE one.keycode IS NULL OR other.keycode IS NULL OR one.geom IS DISTINCT FROM other.geom
              OR one.fields IS DISTINCT FROM other.fields
    )
"""
_SIDE = """
    SELECT s.keycode, s.compartment_number, s.number, s.area_ha, s.geom,
           jsonb_build_object('register_area_ha', s.register_area_ha) || jsonb_build_object('storeys', (
               SELECT coalesce(jsonb_agg(to_jsonb(t) - ARRAY['id', 'subcompartment_id', 'municipality_code']
                                         ORDER BY t.storey), '[]')
               FROM registry_stand t WHERE t.subcompartment_id = s.id)) AS fields
    FROM registry_subcompartment s
    WHERE s.municipality_code = %(municipality)s AND s.edition = %({year})s
"""
_DIFFERENCES = _COMPARED.format(side=_SIDE.format(year="before"), side_b=_SIDE.format(year="after"))


@dataclass(frozen=True, slots=True)
class Difference:
    """One 小班 that is not the same in two editions.

    Attributes
    ----------
    fields : tuple of str
        Names of what changed: `geom`, `register_area_ha`, or a storey's field as ``storey.1.age``.
    before, after : dict
        Values by the same names; None where the 小班 is not in that edition.
    """

    keycode: str
    label: str
    kind: Kind
    fields: tuple[str, ...]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def editions_of(municipality_code: str) -> QuerySet[Edition]:
    """List the editions of a municipality, newest first."""
    return Edition.objects.filter(municipality=municipality_code).order_by("-year")


def current_year(municipality_code: str) -> int | None:
    """Year of the municipality's current edition; None when there is none to see."""
    current = Edition.objects.filter(
        municipality=municipality_code, state=Edition.State.CURRENT
    ).first()
    return current.year if current else None


def count_differences(municipality_code: str, before: int, after: int) -> dict[Kind, int]:
    """Count new, changed and removed 小班 between two years."""
    counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    sql = f"{_DIFFERENCES} SELECT kind, count(*) FROM compared GROUP BY kind"
    with connection.cursor() as cursor:
        cursor.execute(sql, _params(municipality_code, before, after))
        counts.update(cursor.fetchall())
    return counts


def differences(
    municipality_code: str, before: int, after: int, *, past: str = "", limit: int = 100
) -> list[Difference]:
    """List what differs between two years, in the order of KEYCODE.

    Parameters
    ----------
    municipality_code : str
    before, after : int
        Years.
    past : str
        KEYCODE after which the list goes on.
    limit : int
        At most this many.
    """
    sql = f"""{_DIFFERENCES}
        SELECT keycode, compartment_number, number, kind, reshaped, before, after FROM compared
        WHERE keycode > %(past)s ORDER BY keycode LIMIT %(limit)s"""
    with connection.cursor() as cursor:
        cursor.execute(
            sql, _params(municipality_code, before, after) | {"past": past, "limit": limit}
        )
        return [_difference(*row) for row in cursor.fetchall()]


def difference_shapes(
    municipality_code: str, before: int, after: int, *, limit: int = 20_000
) -> Iterator[tuple[str, Kind, str]]:
    """Yield KEYCODE, kind and shape (GeoJSON, EPSG:6668) of what differs, for a map."""
    sql = f"""{_DIFFERENCES}
        SELECT keycode, kind, ST_AsGeoJSON(geom, 7) FROM compared ORDER BY keycode LIMIT %(limit)s"""
    with connection.cursor() as cursor:
        cursor.execute(sql, _params(municipality_code, before, after) | {"limit": limit})
        yield from cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Picture:
    """What differs as drawing instructions in web Mercator metres, north up.

    Attributes
    ----------
    view_box : str
        Left, top, width and height for an SVG.
    shapes : list
        Kind and path of each 小班, at most `PICTURED`.
    """

    view_box: str
    stroke_m: float
    shapes: list[tuple[Kind, str]]


#: 小班 that a picture shows; more would be a smear of colour.
PICTURED = 5000


def difference_picture(municipality_code: str, before: int, after: int) -> Picture | None:
    """Draw what differs between two years; None if nothing does."""
    sql = f"""{_DIFFERENCES},
        drawn AS (SELECT kind, ST_Transform(geom, 3857) AS geom FROM compared ORDER BY keycode LIMIT %(limit)s),
        frame AS (SELECT ST_Extent(geom) AS box FROM drawn)
        SELECT kind, ST_AsSVG(ST_Simplify(geom, 2, true), 0, 1),
               ST_XMin(box), -ST_YMax(box), ST_XMax(box) - ST_XMin(box), ST_YMax(box) - ST_YMin(box)
        FROM drawn, frame"""
    with connection.cursor() as cursor:
        cursor.execute(sql, _params(municipality_code, before, after) | {"limit": PICTURED})
        rows = cursor.fetchall()
    if not rows:
        return None
    left, top, width, height = rows[0][2:]
    margin = 0.05 * max(width, height)
    box = (left - margin, top - margin, width + 2 * margin, height + 2 * margin)
    view_box = " ".join(f"{value:.0f}" for value in box)
    return Picture(view_box, margin / 100, [(kind, path) for kind, path, *_frame in rows])


def municipalities_with_editions() -> list[Municipality]:
    """List the municipalities of which the acting principal sees an edition."""
    seen = Edition.objects.order_by().values("municipality").distinct()
    return list(Municipality.objects.filter(pk__in=seen).defer("geom", "geom_3857", "label_3857"))


def _params(municipality_code: str, before: int, after: int) -> dict[str, Any]:
    return {"municipality": municipality_code, "before": before, "after": after}


def _difference(
    keycode: str,
    compartment: int,
    number: int,
    kind: Kind,
    reshaped: bool,
    before: str | None,
    after: str | None,
) -> Difference:
    one, other = _flat(before), _flat(after)
    changed: tuple[str, ...] = ()
    if one is not None and other is not None:
        names = dict.fromkeys([*one, *other])
        changed = tuple(name for name in names if one.get(name) != other.get(name))
        one = {name: one.get(name) for name in changed}
        other = {name: other.get(name) for name in changed}
        changed = ("geom", *changed) if reshaped else changed
    return Difference(keycode, f"{compartment}-{number}", kind, changed, one, other)


def _flat(document: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """Storeys as names of their own, `storey.1.age`, so that one that is new or gone shows."""
    if document is None:
        return None
    fields = json.loads(document) if isinstance(document, str) else dict(document)
    for storey in fields.pop("storeys"):
        number = storey.pop("storey")
        fields |= {f"storey.{number}.{name}": value for name, value in storey.items()}
    return fields
