"""Code tables of register editions."""

from __future__ import annotations

import csv
from importlib import resources
from io import StringIO
from pathlib import Path

from django.db import transaction

from forestgis.registry.models import CodeTable


def load_codes(edition: int, path: Path | None = None) -> int:
    """Load or renew the code tables of an edition.

    Parameters
    ----------
    edition : int
        年度 that the codes belong to.
    path : Path, optional
        CSV with the columns table, code, name, name_en, source; the shipped
        rows when left out.
    """
    shipped = resources.files("forestgis.registry").joinpath("data/codes_2024.csv")
    text = (path or shipped).read_text("utf-8-sig")
    rows = [CodeTable(edition=edition, **row) for row in csv.DictReader(StringIO(text))]
    with transaction.atomic():
        CodeTable.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["edition", "table", "code"],
            update_fields=["name", "name_en", "source"],
        )
    return len(rows)
