"""Forms of the account pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from forestgis.accounts import people
from forestgis.accounts.models import ApiToken, Organisation, User
from forestgis.accounts.selectors import username_taken
from forestgis.registry.domain.codes import with_check_digit


class CodeForm(forms.Form):
    """A code of the second factor."""

    code = forms.CharField(
        label=_("確認コード"),
        max_length=20,
        help_text=_("認証アプリの6桁の数字。端末がないときは回復用コード"),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )


class PersonForm(forms.Form):
    """A new person of an organisation."""

    username = forms.CharField(
        label=_("利用者名"), max_length=150, validators=[UnicodeUsernameValidator()]
    )
    name = forms.CharField(label=_("氏名"), max_length=80)
    email = forms.EmailField(label=_("電子メール"), required=False)
    role = forms.ChoiceField(label=_("役割"))

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["role"] = _role_field(organisation)

    def clean_username(self) -> str:
        """Refuse a name that somebody has, in whatever organisation."""
        username: str = User.normalize_username(self.cleaned_data["username"])
        if username_taken(username):
            raise forms.ValidationError(_now("この利用者名は使われています。"))
        return username


class PersonChangeForm(forms.Form):
    """What an administrator changes of a person."""

    name = forms.CharField(label=_("氏名"), max_length=80)
    role = forms.ChoiceField(label=_("役割"))
    is_active = forms.BooleanField(label=_("ログインできる"), required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.initial = {"name": user.name, "role": user.role, "is_active": user.is_active}
        self.fields["role"] = _role_field(user.organisation)


class OrganisationForm(forms.ModelForm[Organisation]):
    """A new organisation."""

    class Meta:
        """Fields of the model that the form fills."""

        model = Organisation
        fields = ("kind", "name", "name_en", "code5")

    def clean(self) -> dict[str, Any] | None:
        """Add the check digit to the code, so that nobody types it wrong."""
        cleaned = super().clean()
        code5 = self.cleaned_data.get("code5")
        self.instance.code6 = with_check_digit(code5) if code5 else ""
        return cleaned


def _role_field(organisation: Organisation) -> forms.ChoiceField:
    choices = [(role.value, role.label) for role in people.ROLES[organisation.kind]]
    return forms.ChoiceField(label=_("役割"), choices=choices)


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
