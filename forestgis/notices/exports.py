"""Lists of notices, treatments and plans as files; no export has a person."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.translation import gettext as _

from forestgis.notices.models import FellingNotice, ManagementPlan, Treatment
from forestgis.web.exports import table_response


def notices(found: QuerySet[FellingNotice], kind: str) -> FileResponse:
    """Answer felling notices as CSV or XLSX."""
    headings = [
        _("市町村コード"), _("受付番号"), _("受付日"), _("森林の所在場所"), _("小班（KEYCODE）"), _("伐採面積 (ha)"),
        _("伐採方法"), _("伐採率 (%)"), _("伐採樹種"), _("伐採齢"), _("伐採の始期"), _("伐採の終期"), _("植栽 (ha)"),
        _("人工播種 (ha)"), _("ぼう芽更新 (ha)"), _("天然下種更新 (ha)"), _("造林の終期"), _("伐採後の森林以外の用途"),
        _("状態"), _("審査日"), _("通知日"), _("伐採完了日"), _("造林完了日"),
    ]  # fmt: skip
    rows = (
        (
            row.municipality_id, row.number, row.received_on, row.place, " ".join(row.keycodes), row.area_ha,
            row.get_method_display(), row.rate_pct, row.species, row.age, row.starts_on, row.ends_on, row.planting_ha,
            row.seeding_ha, row.sprout_ha, row.natural_ha, row.regeneration_ends_on, row.conversion,
            row.get_state_display(), row.examined_on, row.letter_on, row.felled_on, row.planted_on,
        )
        for row in found.iterator(chunk_size=2000)
    )  # fmt: skip
    return table_response(_("伐採届"), headings, rows, kind)


def treatments(found: QuerySet[Treatment], kind: str) -> FileResponse:
    """Answer treatments as CSV or XLSX."""
    headings = [
        _("市町村コード"), _("年度"), _("施業"), _("完了日"), _("面積 (ha)"), _("樹種"), _("材積 (m³)"),
        _("小班（KEYCODE）"), _("伐採届"), _("備考"),
    ]  # fmt: skip
    rows = (
        (
            row.municipality_id, row.fiscal_year, row.get_kind_display(), row.done_on, row.area_ha, row.species,
            row.volume_m3, " ".join(row.keycodes), row.notice.number if row.notice else "", row.note,
        )
        for row in found.iterator(chunk_size=2000)
    )  # fmt: skip
    return table_response(_("施業履歴"), headings, rows, kind)


def plans(found: QuerySet[ManagementPlan], kind: str) -> FileResponse:
    """Answer plans as CSV or XLSX; `found` is annotated with the area."""
    headings = [
        _("市町村コード"), _("計画の名称"), _("種類"), _("認定番号"), _("認定状況"), _("認定等の日"), _("計画の始期"),
        _("計画の終期"), _("面積 (ha)"), _("区域の名称（区域計画）"),
    ]  # fmt: skip
    rows = (
        (
            row.municipality_id, row.name, row.get_kind_display(), row.number, row.get_state_display(), row.decided_on,
            row.starts_on, row.ends_on, getattr(row, "area_ha", None), row.zone_name,
        )
        for row in found.iterator(chunk_size=2000)
    )  # fmt: skip
    return table_response(_("森林経営計画"), headings, rows, kind)
