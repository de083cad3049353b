"""Template tags and filters of the base pages."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language

from forestgis.surveys.domain.figures import rounded, written
from forestgis.web import assets
from forestgis.web.domain import eras

register = template.Library()


@register.simple_tag
def script_entry(source: str) -> SafeString:
    """Write the script element of a front-end entry and the preloads of what it imports."""
    entry = assets.entry(source)
    preloads = format_html_join(
        "", '<link rel="modulepreload" href="{}">', ((static(name),) for name in entry.preloads)
    )
    return preloads + format_html('<script type="module" src="{}"></script>', static(entry.file))


@register.simple_tag
def style_entry(source: str) -> SafeString:
    """Write the link element of a front-end style sheet."""
    return format_html('<link rel="stylesheet" href="{}">', static(assets.entry(source).file))


@register.simple_tag(takes_context=True)
def current_if(context: template.Context, prefix: str) -> SafeString:
    """Write `aria-current` where the page's address begins with the prefix."""
    request: HttpRequest | None = context.get("request")
    inside = request is not None and request.path.startswith(prefix)
    return SafeString(' aria-current="page"' if inside else "")


@register.filter
def figure(value: Decimal | None, places: int | None = None) -> str:
    """Write a figure with separated thousands; a dash for None.

    With the decimals it is stored with, or rounded half up to `places`.
    """
    return written(value if places is None or value is None else rounded(float(value), places))


@register.filter
def quantity(value: Decimal | None, unit: str) -> str:
    """Write a stored figure with its unit, which does not part from it; a dash for None."""
    return written(value) if value is None else f"{written(value)}\N{NO-BREAK SPACE}{unit}"


@register.filter
def signed(value: Decimal | None) -> str:
    """Write a difference with its sign; a dash for None."""
    return written(None) if value is None else f"{value:+,}"


@register.filter
def percent(share: Decimal) -> str:
    """Write a share of 1 in whole percent."""
    return f"{rounded(100 * float(share), 0)}%"


@register.filter
def interval(value: tuple[Decimal, Decimal] | None) -> str:
    """Write the two ends of an interval; a dash for None."""
    return written(None) if value is None else f"{written(value[0])} – {written(value[1])}"


class _Named(Protocol):
    name: str
    name_en: str


@register.filter
def named(thing: _Named) -> str:
    """Write the name of an organisation or municipality in the reader's language."""
    return thing.name if _japanese() or not thing.name_en else thing.name_en


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a date in both calendars (西暦 and 和暦); a dash for None."""
    if value is None:
        return written(None)
    on = localtime(value).date() if isinstance(value, datetime) else value
    return eras.in_japanese(on) if _japanese() else eras.in_english(on)


@register.filter
def wareki(value: date | None) -> str:
    """Write a date as official papers do (令和8年4月1日), whatever the reader's language; blank for None."""
    return "" if value is None else eras.in_wareki(value)


def _japanese() -> bool:
    return (get_language() or "ja").startswith("ja")
