"""Forms of the account pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forestgis.accounts.models import ApiToken, User

LIFETIMES = ((30, _("30日")), (90, _("90日")), (365, _("1年")))


class TokenForm(forms.Form):
    """A new token: what for, what it may do, how long it works."""

    name = forms.CharField(
        label=_("用途"), max_length=80, help_text=_("例：事務室のパソコンのQGIS")
    )
    scope = forms.ChoiceField(label=_("権限"), choices=ApiToken.Scope.choices)
    days = forms.TypedChoiceField(label=_("有効期間"), choices=LIFETIMES, coerce=int, initial=90)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        if not user.may_write:
            self.fields["scope"].choices = [  # type: ignore[attr-defined]
                (ApiToken.Scope.READ.value, ApiToken.Scope.READ.label)
            ]

    def scopes(self) -> list[str]:
        """Return the scopes of the choice: who may edit may read."""
        read, edit = ApiToken.Scope.READ, ApiToken.Scope.EDIT
        return [read, edit] if self.cleaned_data["scope"] == edit else [read]
