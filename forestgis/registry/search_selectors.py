"""Searching the register: one page of 小班 at a time, and totals of all that was found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, reduce
from operator import and_, or_
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Count, F, FloatField, Func, Q, QuerySet, Sum
from django.db.models.functions import Cast, Greatest

from forestgis.registry import selectors
from forestgis.registry.domain.ages import YEARS_PER_CLASS, age_class
from forestgis.registry.domain.mercator import degrees_of
from forestgis.registry.domain.search import Criteria, Sort, lot_patterns
from forestgis.registry.domain.totals import Group
from forestgis.registry.models import Edition, Subcompartment, Summary
from forestgis.tenancy.principal import current

PAGE_ROWS = 50
MOST_ON_MAP = 3_000
#: Orders that have an index over all municipalities.
SORTS_EVERYWHERE: tuple[Sort, ...] = ("number", "-area", "area", "-broadleaf", "broadleaf")
#: Orders within one municipality.
SORTS: tuple[Sort, ...] = (*SORTS_EVERYWHERE, "-age", "age")

_M2_PER_HA = 10_000
_WHOLE = re.compile(r"-?\d{1,18}")
_TENTHS = 10
_NUMBER_ORDER = ("municipality_id", "edition", "compartment_number", "number", "subcompartment_id")
_ORDERS: dict[str, tuple[str, ...]] = {
    "number": _NUMBER_ORDER,
    "area": ("area_m2", "subcompartment_id"),
    "broadleaf": ("broadleaf_tenth_m3ha", "subcompartment_id"),
    "age": ("age", "subcompartment_id"),
}


class BadPlaceError(ValueError):
    """The address names no place in the list."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A 小班 as a list shows it, with names for its codes; None where the register states nothing."""

    pk: int
    municipality_code: str
    municipality: str
    edition: int
    keycode: str
    compartment: int
    number: int
    forest_type: str
    protection: str
    species: str
    other_species: tuple[str, ...]
    storeys: int
    age: int | None
    age_class: int | None
    area_ha: Decimal
    conifer_m3ha: Decimal | None
    broadleaf_m3ha: Decimal | None
    lot: str

    @property
    def label(self) -> str:
        """Number as officers write it."""
        return f"{self.compartment}-{self.number}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the 小班 found, in order.

    Attributes
    ----------
    rows : list of Hit
    before, after : str or None
        The place where the page before ends or the next begins, for `page`; None where there is none.
    """

    rows: list[Hit]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Points inside the 小班 that were found, longitude and latitude in degrees; `more` if there are others."""

    points: list[tuple[float, float]]
    more: bool


def found(criteria: Criteria) -> QuerySet[Summary]:
    """Return the 小班 that the criteria describe, as far as the acting principal sees them."""
    conditions = [_where(criteria), *_register(criteria)]
    return Summary.objects.filter(reduce(and_, conditions))


def one_municipality(criteria: Criteria) -> bool:
    """Whether the search stays within one municipality, where every order and word is quick."""
    return bool(criteria.municipality) or len(current().codes) == 1


def page(criteria: Criteria, sort: Sort, *, after: str = "", before: str = "") -> Page:
    """Return the page that begins after a place, or ends before one.

    The place is a row's own sort values, so that page 1,000 costs what page 1 does.

    Raises
    ------
    BadPlaceError
        If the place is not one of this order.
    """
    fields, downwards = _order(sort)
    backwards = bool(before)
    place = _read_place(before or after, len(fields))
    rows = found(criteria)
    if place:
        rows = rows.filter(_beyond(fields, place, up=downwards == backwards))
    direction = "" if downwards == backwards else "-"
    rows = rows.order_by(*(direction + name for name in fields))
    with planned_for(criteria):
        kept = list(rows[: PAGE_ROWS + 1])
    more = len(kept) > PAGE_ROWS
    kept = kept[:PAGE_ROWS]
    if backwards:
        kept.reverse()
    has_before, has_after = (more, True) if backwards else (bool(after), more)
    return Page(
        rows=list(hits(kept)),
        before=_write_place(fields, kept[0]) if kept and has_before else None,
        after=_write_place(fields, kept[-1]) if kept and has_after else None,
    )


def hits(rows: Iterable[Summary]) -> Iterator[Hit]:
    """Give rows their names; each edition's code table is read once."""
    municipalities = selectors.municipality_names()
    names = cache(selectors.CodeNames)
    for row in rows:
        yield _hit(row, municipalities[row.municipality_id], names(row.edition))


def _hit(row: Summary, municipality: str, names: selectors.CodeNames) -> Hit:
    others = [code for code in row.species_codes if code != row.species1_code]
    return Hit(
        pk=row.pk,
        municipality_code=row.municipality_id,
        municipality=municipality,
        edition=row.edition,
        keycode=row.keycode,
        compartment=row.compartment_number,
        number=row.number,
        forest_type=names("forest_type", row.forest_type_code),
        protection=names("protection", row.protection_code),
        species=names("species", row.species1_code),
        other_species=tuple(names("species", code) for code in dict.fromkeys(others)),
        storeys=row.storeys,
        age=row.age or None,
        age_class=age_class(row.age),
        area_ha=Decimal(row.area_m2) / _M2_PER_HA,
        conifer_m3ha=_m3ha(row.conifer_tenth_m3ha),
        broadleaf_m3ha=_m3ha(row.broadleaf_tenth_m3ha),
        lot=row.lot,
    )


def _m3ha(tenths: int) -> Decimal | None:
    return None if tenths < 0 else Decimal(tenths) / _TENTHS


@contextmanager
def planned_for(criteria: Criteria) -> Iterator[None]:
    """Have a search within one municipality read along the index of its numbers, in the block.

    The planner cannot know that the policy lets all rows of the own municipality through, takes
    the result for small, and would collect bitmaps over all municipalities: 60 times the work.
    """
    if not one_municipality(criteria):
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_bitmapscan', 'off', true)")
        yield
        cursor.execute("SELECT set_config('enable_bitmapscan', 'on', true)")


def ordered(criteria: Criteria, sort: Sort) -> QuerySet[Summary]:
    """Return all that was found, in order."""
    fields, downwards = _order(sort)
    return found(criteria).order_by(*(("-" if downwards else "") + name for name in fields))


def on_map(criteria: Criteria, sort: Sort) -> Found:
    """Return where the first `MOST_ON_MAP` of what was found lie."""
    with planned_for(criteria):
        pks = list(ordered(criteria, sort).values_list("pk", flat=True)[: MOST_ON_MAP + 1])
    x, y = (
        Func("label_3857", function=name, output_field=FloatField()) for name in ("ST_X", "ST_Y")
    )
    places = Subcompartment.objects.filter(pk__in=pks[:MOST_ON_MAP]).values_list(x, y)
    return Found(points=[degrees_of(*place) for place in places], more=len(pks) > MOST_ON_MAP)


def totals(criteria: Criteria) -> list[Group]:
    """Total what was found by first species and age class, in one pass.

    Areas count once a 小班; stocks are those of all its storeys, on the register's area.
    """
    groups = (
        found(criteria)
        .values("species1_code", age_class=(F("age") + YEARS_PER_CLASS - 1) / YEARS_PER_CLASS)
        .annotate(
            count=Count("pk"),
            area=Sum("area_m2"),
            conifer=_stock("conifer_tenth_m3ha"),
            broadleaf=_stock("broadleaf_tenth_m3ha"),
        )
        .order_by()
    )
    return [
        Group(
            species_code=group["species1_code"],
            age_class=group["age_class"],
            count=group["count"],
            area_ha=Decimal(group["area"]) / _M2_PER_HA,
            conifer_m3=_m3(group["conifer"]),
            broadleaf_m3=_m3(group["broadleaf"]),
        )
        for group in groups
    ]


def _stock(column: str) -> Sum:
    """Sum tenths of m3/ha times m2; a stock that is not stated counts nothing."""
    return Sum(Cast("area_m2", BigIntegerField()) * Greatest(F(column), 0))


def _m3(tenths_m3ha_m2: int) -> Decimal:
    return Decimal(tenths_m3ha_m2) / (_TENTHS * _M2_PER_HA)


# --- which ---------------------------------------------------------------------------


def _where(criteria: Criteria) -> Q:
    """Condition on municipality and edition.

    The own codes are named beside the policies: joined to the prefecture's right by OR, those
    cannot use an index.
    """
    codes = (criteria.municipality,) if criteria.municipality else current().codes
    within = Q(municipality__in=codes) if codes else Q()
    if criteria.edition is not None:
        return within & Q(edition=criteria.edition)
    return within & _in_force(codes)


def _in_force(codes: Sequence[str]) -> Q:
    """Condition on the current editions: one year for nearly all, the others by name."""
    editions = Edition.objects.filter(municipality__in=codes) if codes else Edition.objects.all()
    rows = list(editions.values_list("municipality_id", "year", "state"))
    in_force = {code: year for code, year, state in rows if state == Edition.State.CURRENT}
    if not in_force:
        return Q(pk__in=())
    usual = Counter(in_force.values()).most_common(1)[0][0]
    stray = {code for code, year, _state in rows if year == usual != in_force.get(code)}
    others = [
        Q(municipality=code, edition=year) for code, year in in_force.items() if year != usual
    ]
    most = Q(edition=usual) & (~Q(municipality__in=stray) if stray else Q())
    return reduce(or_, others, most)


def _register(criteria: Criteria) -> Iterator[Q]:
    """Conditions on what the register says."""
    exact = {
        "keycode": criteria.keycode,
        "compartment_number": criteria.compartment,
        "number": criteria.number,
        "forest_type_code": criteria.forest_type,
        "protection_code": criteria.protection,
        "species1_code": "" if criteria.any_storey else criteria.species,
    }
    yield Q(**{name: value for name, value in exact.items() if value not in ("", None)})
    if criteria.species and criteria.any_storey:
        yield Q(species_codes__contains=[criteria.species])
    for pattern in lot_patterns(criteria.lot):
        yield Q(lot__regex=pattern)
    yield _ages(criteria)
    yield _between("area_m2", criteria.area_min_ha, criteria.area_max_ha, _M2_PER_HA)
    yield _stock_between("conifer", criteria.conifer_min_m3ha, criteria.conifer_max_m3ha)
    yield _stock_between("broadleaf", criteria.broadleaf_min_m3ha, criteria.broadleaf_max_m3ha)


def _ages(criteria: Criteria) -> Q:
    lowest, highest = criteria.age_class_min, criteria.age_class_max
    if lowest is None and highest is None:
        return Q()
    youngest = (max(lowest or 1, 1) - 1) * YEARS_PER_CLASS + 1
    oldest = Q(age__lte=highest * YEARS_PER_CLASS) if highest is not None else Q()
    return Q(age__gte=youngest) & oldest


def _stock_between(kind: str, lowest: Decimal | None, highest: Decimal | None) -> Q:
    column = f"{kind}_tenth_m3ha"
    if lowest is None and highest is not None:
        lowest = Decimal(0)
    return _between(column, lowest, highest, _TENTHS)


def _between(column: str, lowest: Decimal | None, highest: Decimal | None, per_unit: int) -> Q:
    condition = Q()
    if lowest is not None:
        condition &= Q(**{f"{column}__gte": int((lowest * per_unit).to_integral_value())})
    if highest is not None:
        condition &= Q(**{f"{column}__lte": int((highest * per_unit).to_integral_value())})
    return condition


# --- in which order ------------------------------------------------------------------


def _order(sort: Sort) -> tuple[tuple[str, ...], bool]:
    """Return the columns of an order, and whether it runs downwards."""
    return _ORDERS[sort.removeprefix("-")], sort.startswith("-")


def _beyond(fields: Sequence[str], place: Sequence[Any], *, up: bool) -> Q:
    """Rows after a place, upwards or downwards.

    The first column is bounded on its own: that alone may seek in the index before the policies.
    """
    beyond = "gt" if up else "lt"
    condition = Q()
    for n, name in reversed(list(enumerate(fields))):
        here = Q(**{f"{name}__{beyond}": place[n]})
        condition = here | (Q(**{name: place[n]}) & condition) if condition else here
    return Q(**{f"{fields[0]}__{beyond}e": place[0]}) & condition


def _write_place(fields: Sequence[str], row: Summary) -> str:
    return "~".join(str(getattr(row, name)) for name in fields)


def _read_place(text: str, length: int) -> tuple[str, ...]:
    place = tuple(text.split("~")) if text else ()
    if place and (len(place) != length or not all(map(_WHOLE.fullmatch, place))):
        raise BadPlaceError(f"no place in this order: {text!r}")
    return place
