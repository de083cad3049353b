"""The search of the trail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forestgis.audit.models import Entry, table_titles


def _tables() -> list[tuple[str, Any]]:
    return [("", _("すべて")), *sorted(table_titles().items(), key=lambda table: table[1])]


class SearchForm(forms.Form):
    """Who, what, where, when; everything optional."""

    person = forms.CharField(label=_("利用者名"), required=False, max_length=150)
    action = forms.ChoiceField(
        label=_("操作"), required=False, choices=[("", _("すべて")), *Entry.Action.choices]
    )
    table = forms.ChoiceField(label=_("表"), required=False, choices=_tables)
    row = forms.CharField(label=_("行"), required=False, max_length=200)
    municipality = forms.RegexField(
        r"^\d{5}$", label=_("市町村"), required=False, help_text=_("団体コード（5桁）")
    )
    since = forms.DateField(
        label=_("この日から"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("この日まで"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def criteria(self) -> dict[str, Any]:
        """Return what was filled in."""
        return {name: value for name, value in self.cleaned_data.items() if value}
