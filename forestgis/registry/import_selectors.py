"""Reads of imports and of saved column mappings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from forestgis.registry.domain.faults import Fault
from forestgis.registry.models import ImportSource, Municipality, RegisterImport
from forestgis.tenancy.principal import current

#: Words of the stages that an import reports.
STAGES = {
    "read": _("ファイルを読んでいます"),
    "check": _("検査しています"),
    "stage": _("送っています"),
    "store": _("登録しています"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """The report of an import as a page shows it: its counts, and faults with their words of the moment."""

    counts: dict[str, Any]
    faults: list[Fault]

    @property
    def hidden(self) -> int:
        """How many faults there are besides the listed ones."""
        totals: dict[str, int] = self.counts.get("fault_totals", {})
        return sum(totals.values()) - len(self.faults)


def imports() -> QuerySet[RegisterImport]:
    """List the imports, newest first."""
    return RegisterImport.objects.select_related("municipality", "job", "created_by").defer(
        "report", "municipality__geom", "municipality__geom_3857"
    )


def import_by_id(import_id: UUID) -> RegisterImport | None:
    """Find an import."""
    return (
        RegisterImport.objects.select_related("municipality", "job", "created_by")
        .defer("municipality__geom", "municipality__geom_3857")
        .filter(pk=import_id)
        .first()
    )


def report_of(upload: RegisterImport) -> Report:
    """Read the report of an import."""
    counts = {key: value for key, value in upload.report.items() if key != "faults"}
    names = ("code", "file", "line", "column", "value", "detail")
    faults = [
        Fault(**{name: fault[name] for name in names}) for fault in upload.report.get("faults", [])
    ]
    return Report(counts, faults)


def own_municipalities() -> QuerySet[Municipality]:
    """List the municipalities that the acting principal writes for."""
    everything = Municipality.objects.defer("geom", "geom_3857", "label_3857")
    principal = current()
    if not principal.can_write:
        return everything.none()
    if principal.kind == "prefecture":
        return everything
    return everything.filter(code__in=principal.codes)


def sources() -> QuerySet[ImportSource]:
    """List the saved mappings."""
    return ImportSource.objects.filter(municipality__in=own_municipalities())
