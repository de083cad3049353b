"""Reads of the register; the acting principal's policies decide which rows there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.contrib.gis.db.models.functions import PointOnSurface
from django.db.models import Exists, OuterRef
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from forestgis.registry.domain.ages import age_class
from forestgis.registry.domain.entry import RegisterEntry, Storey
from forestgis.registry.models import CodeTable, Edition, Municipality, Stand, Subcompartment

#: Fields of a storey that an import sets, in one order.
STAND_FIELDS = (
    "protection_code",
    "forest_type_code",
    "species1_code",
    "share1",
    "species2_code",
    "share2",
    "species3_code",
    "share3",
    "age",
    "height_m",
    "stock_conifer_m3ha",
    "stock_broadleaf_m3ha",
    "slope_class",
    "lot",
    "as_of",
)


def municipality_by_code(code: str) -> Municipality | None:
    """Find the municipality of a 5-digit code, or None."""
    return Municipality.objects.filter(code=code).first()


def has_edition(municipality_code: str, edition: int) -> bool:
    """Whether any 小班 of the edition is stored for the municipality."""
    return Subcompartment.objects.filter(municipality=municipality_code, edition=edition).exists()


def in_current_edition() -> Exists:
    """Condition on 林班 or 小班: the row is of its municipality's current edition."""
    return Exists(
        Edition.objects.filter(
            municipality=OuterRef("municipality"),
            year=OuterRef("edition"),
            state=Edition.State.CURRENT,
        )
    )


def municipality_choices() -> list[tuple[str, str]]:
    """Codes and names of the municipalities that the acting principal has a register of."""
    visible = Edition.objects.values("municipality")
    found = Municipality.objects.filter(pk__in=visible).only("code", "name", "name_en")
    return [(m.code, _in_language(m)) for m in found]


def municipality_names() -> dict[str, str]:
    """Names of the municipalities by code, in the language of the moment."""
    found = Municipality.objects.only("code", "name", "name_en")
    return {m.code: _in_language(m) for m in found}


def edition_choices() -> list[tuple[int, str]]:
    """Years of which the acting principal has a register, newest first."""
    years = Edition.objects.order_by("-year").values_list("year", flat=True).distinct()
    return [(year, _("%(year)s年度") % {"year": year}) for year in years]


def code_choices(edition: int | None = None) -> dict[str, list[tuple[str, str]]]:
    """Codes and names in force for an edition, or of the newest code edition, by table."""
    codes = CodeTable.objects.order_by("code")
    if edition is not None:
        codes = codes.filter(edition__lte=edition)
    newest = codes.order_by("-edition").values("edition")[:1]
    choices: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in codes.filter(edition=newest):
        choices[row.table].append((row.code, f"{row.code} {_in_language(row)}"))
    return choices


class CodeNames:
    """Names of an edition's codes in the language of the moment."""

    def __init__(self, edition: int) -> None:
        self._names = {(row.table, row.code): _in_language(row) for row in _codes_for(edition)}

    def __call__(self, table: str, code: str) -> str:
        """Name a code; an unknown one stays visible as unknown, an empty one empty."""
        if not code:
            return ""
        unknown = _("不明（コード%(code)s）") % {"code": code}
        return self._names.get((table, code)) or unknown


def known_codes(edition: int) -> dict[str, frozenset[str]]:
    """Codes by table of the newest code edition that is not newer than `edition`."""
    codes: dict[str, set[str]] = defaultdict(set)
    for row in _codes_for(edition):
        codes[row.table].add(row.code)
    return {table: frozenset(values) for table, values in codes.items()}


def _codes_for(edition: int) -> list[CodeTable]:
    """Code rows in force for an edition of the register."""
    in_force = CodeTable.objects.filter(edition__lte=edition).order_by("-edition").values("edition")
    return list(CodeTable.objects.filter(edition=in_force[:1]))


def register_entry(keycode: str, municipality_code: str | None = None) -> RegisterEntry | None:
    """Read a 小班 in its municipality's current edition; None when there is none to see.

    Parameters
    ----------
    keycode : str
        14 digits.
    municipality_code : str, optional
        Whose register; any that the acting principal sees when left out.
    """
    found = Subcompartment.objects.filter(keycode=keycode).filter(in_current_edition())
    if municipality_code is not None:
        found = found.filter(municipality_id=municipality_code)
    sub = found.order_by("municipality").first()
    if sub is None:
        return None
    return next(entries([sub]))


def entries(subcompartments: Iterable[Subcompartment]) -> Iterator[RegisterEntry]:
    """Say what the register has of each 小班, with the names of its edition's codes."""
    for sub in subcompartments:
        stands = sorted(sub.stands.all(), key=lambda stand: stand.storey)
        names = CodeNames(sub.edition)
        yield RegisterEntry(
            keycode=sub.keycode,
            edition=sub.edition,
            label=sub.label,
            municipality_code=sub.municipality_id,
            area_ha=sub.area_ha,
            register_area_ha=sub.register_area_ha,
            storeys=tuple(_storey(stand, names) for stand in stands),
            stock_conifer_m3ha=_sum_known(stand.stock_conifer_m3ha for stand in stands),
            stock_broadleaf_m3ha=_sum_known(stand.stock_broadleaf_m3ha for stand in stands),
        )


def middle_of(municipality_code: str, edition: int, keycode: str) -> tuple[float, float] | None:
    """Return longitude and latitude of a point inside a 小班, degrees (EPSG:6668); None if there is none to see."""
    found = Subcompartment.objects.filter(
        municipality=municipality_code, edition=edition, keycode=keycode
    ).annotate(middle=PointOnSurface("geom"))
    middle = found.values_list("middle", flat=True).first()
    return None if middle is None else (middle.x, middle.y)


def _storey(stand: Stand, names: CodeNames) -> Storey:
    """Describe a storey with names for its codes."""
    species = (
        (stand.species1_code, stand.share1),
        (stand.species2_code, stand.share2),
        (stand.species3_code, stand.share3),
    )
    return Storey(
        storey=stand.storey,
        forest_type=names("forest_type", stand.forest_type_code),
        species=tuple((names("species", code), share) for code, share in species if code),
        age=stand.age,
        age_class=age_class(stand.age),
        height_m=stand.height_m,
        stock_conifer_m3ha=stand.stock_conifer_m3ha,
        stock_broadleaf_m3ha=stand.stock_broadleaf_m3ha,
    )


def _in_language(thing: CodeTable | Municipality) -> str:
    """Give the name in the language of the moment."""
    japanese = (get_language() or "ja").startswith("ja")
    return thing.name if japanese or not thing.name_en else thing.name_en


def _sum_known(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
