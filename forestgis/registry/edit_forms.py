"""Forms that change the register; codes are those of the record's edition."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forestgis.registry.models import Stand, Subcompartment
from forestgis.registry.records import CODE_TABLES
from forestgis.registry.selectors import CodeNames, code_choices
from forestgis.web.widgets import PlainSelect

OLDEST = 999
_SPECIES = (("species1_code", "share1"), ("species2_code", "share2"), ("species3_code", "share3"))
_STORED_IN_TENTHS = ("height_m", "stock_conifer_m3ha", "stock_broadleaf_m3ha")


class AreaForm(forms.ModelForm[Subcompartment]):
    """What a 小班 itself says."""

    register_area_ha = forms.DecimalField(
        label=gettext_lazy("森林簿面積 (ha)"),
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=4,
    )

    class Meta:
        """Which fields."""

        model = Subcompartment
        fields = ("register_area_ha",)


class StandForm(forms.ModelForm[Stand]):
    """What one storey says."""

    class Meta:
        """Which fields, in the order of the register."""

        model = Stand
        fields = (
            "protection_code",
            "forest_type_code",
            "species1_code",
            "share1",
            "species2_code",
            "share2",
            "species3_code",
            "share3",
            "age",
            "height_m",
            "stock_conifer_m3ha",
            "stock_broadleaf_m3ha",
            "slope_class",
            "lot",
            "as_of",
        )

    def __init__(self, *args: Any, edition: int, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        offer_codes(self, edition, {name: getattr(self.instance, name) for name in CODE_TABLES})
        self.fields["age"] = forms.IntegerField(
            label=self.fields["age"].label, required=False, min_value=0, max_value=OLDEST
        )
        for name in _STORED_IN_TENTHS:
            self.fields[name].widget.attrs["min"] = 0

    def clean(self) -> dict[str, Any]:
        """Check the shares of species against each other."""
        values: dict[str, Any] = super().clean() or {}
        stated = []
        for species, share in _SPECIES:
            if values.get(share) and not values.get(species):
                self.add_error(species, _("比率がありますが、樹種がありません。"))
            if values.get(share) is not None:
                stated.append(values[share])
        if stated and sum(stated) != 100:
            total = {"total": sum(stated)}
            self.add_error("share1", _("樹種の比率の合計が100%%ではなく%(total)s%%です。") % total)
        for name in _STORED_IN_TENTHS:
            value = values.get(name)
            if value is not None and value < 0:
                self.add_error(name, _("0以上にしてください。"))
        return values


class ManyForm(forms.Form):
    """One field and the value that it gets in many 小班."""

    field = forms.ChoiceField(label=gettext_lazy("変える項目"), widget=PlainSelect)
    value = forms.CharField(
        label=gettext_lazy("新しい値"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("コードの項目はコードを入れてください。空にすると値を消します。"),
    )

    #: Fields that may sensibly be the same in many 小班.
    OFFERED = (
        "protection_code",
        "forest_type_code",
        "species1_code",
        "age",
        "height_m",
        "slope_class",
    )

    def __init__(self, *args: Any, edition: int, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self._edition = edition
        words = {field.name: field.verbose_name for field in Stand._meta.concrete_fields}
        field: Any = self.fields["field"]
        field.choices = [(name, words[name]) for name in self.OFFERED]

    def clean(self) -> dict[str, Any]:
        """Read the value as the field's own."""
        values: dict[str, Any] = super().clean() or {}
        name = values.get("field")
        if not name:
            return values
        text = (values.get("value") or "").strip()
        known = dict(code_choices(self._edition).get(CODE_TABLES.get(name, ""), []))
        if name in CODE_TABLES and text and text not in known:
            self.add_error("value", _("コード表にないコードです：%(code)s") % {"code": text})
            return values
        field: Any = Stand._meta.get_field(name)
        try:
            values["cleaned"] = {name: field.clean(None if field.null and not text else text, None)}
        except ValidationError as error:
            self.add_error("value", error)
        return values


def offer_codes(form: forms.BaseForm, edition: int, present: dict[str, str]) -> None:
    """Let fields of codes choose from the edition's tables, and keep an unknown code that is there."""
    choices = code_choices(edition)
    names = CodeNames(edition)
    for name, table in CODE_TABLES.items():
        known = choices.get(table, [])
        code = present.get(name) or ""
        unknown = [] if code in ("", *dict(known)) else [(code, names(table, code))]
        form.fields[name] = forms.ChoiceField(
            label=form.fields[name].label,
            required=False,
            choices=[("", "―"), *unknown, *known],
            widget=PlainSelect,
        )
