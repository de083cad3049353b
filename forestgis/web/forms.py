"""Form fields that several apps share."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forestgis.web.domain.eras import read_day


class DayField(forms.CharField):
    """A date as offices write it: 令和6年4月1日, R6.4.1 or 2024-04-01, full-width digits too."""

    default_error_messages = {
        "no_day": _(
            "日付として読めません。令和6年4月1日、R6.4.1、2024-04-01のように書いてください。"
        )
    }

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        options.setdefault("help_text", _("例：令和6年4月1日、2024-04-01"))
        super().__init__(max_length=40, **options)

    def to_python(self, value: Any) -> date | None:  # type: ignore[override]  # noqa: ANN401 - a date, not text
        """Read the date; None for a blank."""
        if isinstance(value, date):
            return value
        try:
            return read_day(str(value or ""))
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["no_day"], code="no_day") from error

    def run_validators(self, value: Any) -> None:  # noqa: ANN401
        """Leave out those of text: a date has no length."""
