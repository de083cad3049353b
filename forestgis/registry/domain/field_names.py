"""Words for the fields of a register that differ between two editions."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

_NAMES: dict[str, Any] = {
    "geom": _("区域の形"),
    "register_area_ha": _("森林簿面積 (ha)"),
    "protection_code": _("森林の種類コード"),
    "forest_type_code": _("林種コード"),
    "species1_code": _("樹種1コード"),
    "species2_code": _("樹種2コード"),
    "species3_code": _("樹種3コード"),
    "share1": _("樹種1比率 (%)"),
    "share2": _("樹種2比率 (%)"),
    "share3": _("樹種3比率 (%)"),
    "age": _("林齢 (年)"),
    "height_m": _("樹高 (m)"),
    "stock_conifer_m3ha": _("HA当蓄積N (m3/ha)"),
    "stock_broadleaf_m3ha": _("HA当蓄積L (m3/ha)"),
    "slope_class": _("傾斜"),
    "lot": _("代表地番"),
    "as_of": _("データ時点"),
}


def field_name(field: str) -> str:
    """Return the words for a field as `edition_selectors.Difference` names it (``storey.2.age``)."""
    if not field.startswith("storey."):
        return str(_NAMES.get(field, field))
    _prefix, storey, name = field.split(".", 2)
    return _now("%(field)s（%(storey)s層）") % {"field": _NAMES.get(name, name), "storey": storey}
