"""Reads of the ledger; the acting principal's policies decide which rows there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.gis.db.models.functions import Centroid
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Replace

from forestgis.audit.services import record_read
from forestgis.parcels.domain import faults as _words  # noqa: F401 - declares the words of the faults
from forestgis.parcels.domain.lots import lot_number
from forestgis.parcels.errors import NoPurposeError
from forestgis.parcels.models import Ledger, LedgerImport, Parcel, ParcelOwner, ParcelShare
from forestgis.registry.domain.faults import Fault
from forestgis.registry.models import Municipality
from forestgis.tenancy.principal import current

#: More lots of one name than anybody reads at once.
OWNERS_FOUND = 200
#: What a list may be narrowed to.
STATES: dict[str, Q] = {
    "ledger": Q(in_ledger=True),
    "map_only": Q(in_ledger=False, geom__isnull=False),
    "no_shape": Q(geom__isnull=True, local_geom__isnull=True),
    "unplaced": Q(local_geom__isnull=False),
}


def search(text: str = "", municipality: str = "", state: str = "") -> QuerySet[Parcel]:
    """Find lots.

    Parameters
    ----------
    text : str
        Words of 大字 and 字, and a lot number at the end or alone: ``滝上 12-3``, ``12番地3``.
    municipality : str
        Five-digit code; all that the reader may see if empty.
    state : str
        One of `STATES`.
    """
    found = Parcel.objects.select_related("municipality").defer("geom", "local_geom")
    found = found.defer(*_shapes_of_others())
    if municipality:
        found = found.filter(municipality=municipality)
    if state in STATES:
        found = found.filter(STATES[state])
    for word in text.split():
        number = lot_number(word)
        place = Q(oaza__icontains=word) | Q(aza__icontains=word)
        if number[:1].isdigit():
            found = found.filter(Q(lot=number) | Q(lot__startswith=f"{number}-") | place)
        else:
            found = found.filter(place)
    return found


def _shapes_of_others() -> tuple[str, ...]:
    return ("geom", "local_geom", "geom_3857", "label_3857", "municipality__geom",
            "municipality__geom_3857", "municipality__label_3857")  # fmt: skip


def parcel(pk: int) -> Parcel | None:
    """Return a lot with the longitude and latitude of its middle as `middle`, or None."""
    found = Parcel.objects.select_related("municipality").defer(*_shapes_of_others()[2:])
    return found.annotate(middle=Centroid("geom")).filter(pk=pk).first()


def shares_of(parcel: Parcel) -> QuerySet[ParcelShare]:
    """List in which 小班 a lot lies, of the newest edition that was related."""
    newest = ParcelShare.objects.filter(parcel=parcel).order_by("-edition").first()
    shares = ParcelShare.objects.filter(parcel=parcel)
    return shares.filter(edition=newest.edition) if newest else shares.none()


def parcels_in(municipality_code: str, edition: int, keycode: str) -> list[ParcelShare]:
    """List the lots of a 小班, the largest part first."""
    shares = ParcelShare.objects.filter(
        municipality=municipality_code, edition=edition, keycode=keycode
    )
    return list(
        shares.select_related("parcel")
        .defer("parcel__geom", "parcel__local_geom")
        .order_by("-area_m2")
    )


def owners_of(parcel: Parcel, purpose: str) -> list[ParcelOwner]:
    """Read who owns and owned a lot; the reading is written down with its purpose.

    Raises
    ------
    NoPurposeError
        If `purpose` is blank; nothing is read.
    """
    if not purpose.strip():
        raise NoPurposeError
    owners = list(ParcelOwner.objects.filter(parcel=parcel).order_by("ended_on", "basis", "pk"))
    owners.sort(key=lambda owner: owner.ended_on is not None)
    if owners:
        record_read(
            purpose.strip()[:200],
            ParcelOwner._meta.db_table,
            str(parcel.pk),
            municipality_code=parcel.municipality_id,
            rows=len(owners),
        )
    return owners


def lots_of_owner(name: str, purpose: str) -> list[ParcelOwner]:
    """Find the present owners of lots by a part of their name; the search is written down, whatever it finds.

    Parameters
    ----------
    name : str
        At least two characters, blanks do not count: 髙橋太郎 finds 髙橋 太郎.
    purpose : str
        What for, in the reader's words.

    Raises
    ------
    NoPurposeError
        If `purpose` is blank; nothing is read.
    """
    if not purpose.strip():
        raise NoPurposeError
    wanted = "".join(name.split())
    named = ParcelOwner.objects.alias(plain=Replace("name", Value(" "), Value("")))
    matching = named.filter(ended_on__isnull=True, plain__contains=wanted).values("pk")
    shapes = (f"parcel__{field}" for field in ("geom", "local_geom", "geom_3857", "label_3857"))
    rows = list(
        ParcelOwner.objects.filter(pk__in=matching)
        .select_related("parcel")
        .defer(*shapes)
        .order_by("municipality", "name", "parcel__oaza", "parcel__aza", "parcel__lot_main")[
            :OWNERS_FOUND
        ]
    )
    # A search that finds nobody is told too; the prefecture's goes over all municipalities.
    codes: tuple[str | None, ...] = current().codes or (None,)
    numbers: dict[str | None, int] = Counter(row.municipality_id for row in rows) or dict.fromkeys(
        codes, 0
    )
    for code, number in numbers.items():
        record_read(
            f"{purpose.strip()}：{wanted}"[:200],
            ParcelOwner._meta.db_table,
            municipality_code=code,
            rows=number,
        )
    return rows


def ledger_of(municipality_code: str) -> Ledger | None:
    """Return who else may read a municipality's ledger, or None while it was never said."""
    return Ledger.objects.filter(municipality=municipality_code).first()


def imports() -> QuerySet[LedgerImport]:
    """List the imports, newest first."""
    return LedgerImport.objects.select_related("municipality", "job", "created_by").defer(
        "report", *(f"municipality__{name}" for name in ("geom", "geom_3857", "label_3857"))
    )


def import_by_id(pk: UUID) -> LedgerImport | None:
    """Return an import with its report, or None."""
    return LedgerImport.objects.select_related("municipality", "job").filter(pk=pk).first()


@dataclass(frozen=True, slots=True)
class Report:
    """The kept report of an import, its faults in words again."""

    counts: dict[str, Any]
    faults: list[Fault]

    @property
    def hidden(self) -> int:
        """How many faults are not kept."""
        return int(self.counts.get("n_faults", 0)) - len(self.faults)


def report_of(upload: LedgerImport) -> Report:
    """Read the report of an import."""
    counts = {key: value for key, value in upload.report.items() if key != "faults"}
    return Report(counts, [Fault(**fault) for fault in upload.report.get("faults", [])])


def own_municipalities() -> QuerySet[Municipality]:
    """List the municipalities that the acting principal writes for."""
    everything = Municipality.objects.defer("geom", "geom_3857", "label_3857")
    principal = current()
    return (
        everything
        if principal.kind == "prefecture"
        else everything.filter(code__in=principal.codes)
    )
