"""The ledger's lists as files. They hold the published part; no export has an owner."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.translation import gettext as _

from forestgis.parcels.models import Parcel
from forestgis.web.exports import table_response


def parcels(found: QuerySet[Parcel], kind: str) -> FileResponse:
    """Answer lots as CSV or XLSX."""
    headings = [
        _("市町村コード"), _("大字"), _("字"), _("地番"), _("台帳に記載"), _("地目"), _("地積 (m²)"),
        _("図上面積 (m²)"), _("境界測量"), _("公益的機能別施業森林区域"), _("森林経営計画の認定状況"),
        _("座標系"), _("精度区分"), _("備考"),
    ]  # fmt: skip
    rows = (
        (
            lot.municipality_id, lot.oaza, lot.aza, lot.lot, "○" if lot.in_ledger else "",
            lot.land_category, lot.registered_area_m2, lot.map_area_m2, lot.get_survey_display(),
            lot.function_zone, lot.plan_note, lot.coordinate_system, lot.accuracy, lot.note,
        )
        for lot in found.iterator(chunk_size=2000)
    )  # fmt: skip
    return table_response(_("林地台帳"), headings, rows, kind)
