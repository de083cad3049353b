"""Template tags and filters of the register's pages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms, template
from django.utils.translation import gettext as _

from forestgis.registry.domain.totals import Bar, Totals
from forestgis.surveys.domain.figures import rounded, written

register = template.Library()

#: Units of the chart's own: height of the columns, their top, distance, room for the scale at the left.
_HEIGHT, _TOP, _STEP, _LEFT = 150, 8, 22, 68
_FEWEST = 12


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    title: str
    x: int
    conifer: float
    conifer_y: float
    broadleaf: float
    broadleaf_y: float


@register.filter
def fields(form: forms.Form, names: str) -> list[forms.BoundField]:
    """Return the fields of these names that the form has, in this order."""
    return [form[name] for name in names.split() if name in form.fields]


@register.filter
def grouped(number: int) -> str:
    """Write a count with thousands separated."""
    return f"{number:,}"


@register.filter
def svg(number: float) -> str:
    """Write a number as SVG reads it, whatever the language."""
    return f"{number:.2f}"


@register.inclusion_tag("registry/age_chart.html")
def age_chart(totals: Totals) -> dict[str, Any]:
    """Draw stock by age class as columns, hardwood at the foot."""
    bars = [bar for bar in totals.age_bars if bar.name]
    return {
        "columns": [_column(bar, place) for place, bar in enumerate(bars)],
        "lines": [_line(totals.scale_m3, quarter) for quarter in range(5)],
        "width": _LEFT + _STEP * max(len(bars), _FEWEST),
    }


def _column(bar: Bar, place: int) -> _Column:
    broadleaf, conifer = (share * _HEIGHT / 100 for share in (bar.broadleaf, bar.conifer))
    foot = _TOP + _HEIGHT
    stock = written(rounded(float(bar.value), 0))
    return _Column(
        name=bar.name,
        title=_("%(age_class)s齢級：%(stock)s m³") % {"age_class": bar.name, "stock": stock},
        x=_LEFT + place * _STEP,
        conifer=conifer,
        conifer_y=foot - broadleaf - conifer,
        broadleaf=broadleaf,
        broadleaf_y=foot - broadleaf,
    )


def _line(scale_m3: Decimal, quarter: int) -> dict[str, Any]:
    return {"value": scale_m3 * quarter / 4, "y": _TOP + _HEIGHT - _HEIGHT * quarter // 4}
