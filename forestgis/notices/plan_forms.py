"""Forms of 森林経営計画."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forestgis.errors import ProductError
from forestgis.notices.domain.plans import PlanKind
from forestgis.notices.models import ManagementPlan, PlanHolder
from forestgis.notices.services import plans
from forestgis.parcels.selectors import own_municipalities
from forestgis.registry.models import Municipality
from forestgis.web.forms import DayField


def _today() -> str:
    return timezone.localdate().isoformat()


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]  # django-stubs' type is generic, Django's is not
    """A plan as it is applied for."""

    applied_on = DayField(label=_("請求日"), initial=_today)
    starts_on = DayField(label=_("計画の始期"))
    ends_on = DayField(label=_("計画の終期"))
    holder_name = forms.CharField(label=_("作成者の氏名又は名称"), max_length=120)
    holder_address = forms.CharField(label=_("作成者の住所"), max_length=200)
    holder_role = forms.ChoiceField(label=_("作成者の区分"), choices=PlanHolder.Role.choices)
    stand_lines = forms.CharField(
        label=_("対象の小班"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=100_000,
        help_text=_("1行に1小班：林班-小班 面積(ha) 受託。面積を省くと森林簿の面積、「受託」がなければ所有です。例：12-34 1.50 受託"),
    )  # fmt: skip
    operation_lines = forms.CharField(
        label=_("施業の計画"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=100_000,
        required=False,
        help_text=_(
            "1行に1施業：林班-小班 施業 年度 面積(ha) 材積(m³)。例：12-34 間伐 2027 1.50 80"
        ),
    )

    class Meta:
        """Fields in their order."""

        model = ManagementPlan
        fields: ClassVar[tuple[str, ...]] = (
            "municipality", "name", "kind", "applied_on", "starts_on", "ends_on", "holder_name", "holder_address",
            "holder_role", "zone_name", "stand_lines", "operation_lines", "covers_all", "policy", "protection", "note",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        own = own_municipalities()
        field: Any = self.fields["municipality"]
        field.queryset = own
        field.empty_label = None
        only = list(own[:2])
        if len(only) == 1:
            field.initial = only[0].pk
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Read the lines; the first that cannot be read is named at its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("計画の終期が始期より前です。"))
        place: Municipality | None = cleaned.get("municipality")
        self.content = plans.Content([], [])
        if place is None:
            return cleaned
        for field, given in (("stand_lines", "stands"), ("operation_lines", "operations")):
            lines = {"stands": "", "operations": "", given: cleaned.get(field) or ""}
            try:
                read = plans.content(place, **lines)
            except ProductError as error:
                self.add_error(field, str(error))
            else:
                self.content.stands.extend(read.stands)
                self.content.operations.extend(read.operations)
        return cleaned

    def holders(self) -> list[PlanHolder]:
        """Return who made the plan, unsaved."""
        given = self.cleaned_data
        return [
            PlanHolder(
                role=given["holder_role"],
                name=given["holder_name"],
                address=given["holder_address"],
            )
        ]


class PlanSearchForm(forms.Form):
    """What to look for among the plans."""

    q = forms.CharField(label=_("名称"), required=False, max_length=80)
    kind = forms.ChoiceField(
        label=_("種類"), required=False, choices=[("", _("すべて")), *PlanKind.choices]
    )
    state = forms.ChoiceField(
        label=_("認定状況"),
        required=False,
        choices=[("", _("すべて")), *ManagementPlan.State.choices],
    )


class CertifyForm(forms.Form):
    """The certification."""

    number = forms.CharField(label=_("認定番号"), max_length=40)
    on = DayField(label=_("認定日"), initial=_today)


class PlanNoteForm(forms.Form):
    """A refusal or a revocation, with its reason."""

    note = forms.CharField(label=_("理由"), max_length=300)
    on = DayField(label=_("日付"), initial=_today)
