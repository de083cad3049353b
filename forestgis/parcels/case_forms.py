"""Forms of papers about lots."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from forestgis.parcels import case_selectors, selectors
from forestgis.parcels.domain.provision import Category
from forestgis.parcels.models import Case, Correction, OwnerNotice, Parcel, Provision
from forestgis.registry.models import Municipality
from forestgis.web.forms import DayField

_PERSON = ("name", "address", "contact", "proof")
_LOTS_HELP = _("1行に1筆。例：滝上 12-3")


class CaseForm(forms.ModelForm):  # type: ignore[type-arg]  # one form for several models
    """What every paper has: who hands it in, when, under which number."""

    received_on = DayField(label=_("受付日"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        own = selectors.own_municipalities()
        field: Any = self.fields["municipality"]
        field.queryset = own
        field.empty_label = None
        today = timezone.localdate()
        self.fields["received_on"].initial = today.isoformat()
        only = list(own[:2])
        if len(only) == 1:
            field.initial = only[0].pk
            field.widget = forms.HiddenInput()
            model: type[Case] = self._meta.model
            self.fields["number"].initial = case_selectors.next_number(model, only[0], today)

    def lots(self, name: str) -> list[Parcel]:
        """Return the lots that a field names; the error of the field names what is no lot."""
        place: Municipality | None = self.cleaned_data.get("municipality")
        text = self.cleaned_data.get(name, "")
        if place is None or not text:
            return []
        found, unknown = case_selectors.resolved(place, text)
        if unknown:
            words = _now("台帳で1筆に決まらない行があります：%(lines)s") % {
                "lines": "、".join(unknown)
            }
            self.add_error(name, words)
        return found


def _lots_field(**options: Any) -> forms.CharField:  # noqa: ANN401
    return forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000, help_text=_LOTS_HELP, **options
    )


class ProvisionForm(CaseForm):
    """An application for the whole ledger of some lots."""

    asked_lots = _lots_field(label=_("申出に係る土地"))
    own_lots = _lots_field(label=_("申出者の土地（隣接する土地の申出のとき）"), required=False)
    plan_until = DayField(label=_("計画期間の末日"), required=False)

    class Meta:
        """Fields in their order."""

        model = Provision
        fields: ClassVar[tuple[str, ...]] = (
            "municipality", "number", "received_on", "category", *_PERSON, "purpose",
            "asked_lots", "own_lots", "plan_number", "plan_until",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Find the lots, and ask for what the category needs."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.asked = self.lots("asked_lots")
        self.own = self.lots("own_lots")
        if cleaned.get("category") == Category.NEIGHBOUR and not self.own:
            self.add_error("own_lots", _now("隣接を確かめるため、申出者の土地を書いてください。"))
        return cleaned


class CorrectionForm(CaseForm):
    """A request to correct the ledger."""

    lot = forms.CharField(label=_("筆"), max_length=200, help_text=_("例：滝上 12-3"))

    class Meta:
        """Fields in their order."""

        model = Correction
        fields: ClassVar[tuple[str, ...]] = (
            "municipality", "number", "received_on", *_PERSON, "lot", "item", "value", "value_address",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Find the lot."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        found = self.lots("lot")
        if found:
            self.instance.parcel = found[0]
        return cleaned


class OwnerNoticeForm(CaseForm):
    """A notice of a new owner."""

    acquired_on = DayField(label=_("所有者となった日"))
    lot_names = _lots_field(label=_("土地の所在・地番"))

    class Meta:
        """Fields in their order."""

        model = OwnerNotice
        fields: ClassVar[tuple[str, ...]] = (
            "municipality", "number", "received_on", *_PERSON, "acquired_on", "cause",
            "former_name", "share", "lot_names",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Find the lots; nobody becomes an owner after saying so."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.parcels = self.lots("lot_names")
        acquired, received = cleaned.get("acquired_on"), cleaned.get("received_on")
        if acquired and received and acquired > received:
            self.add_error("acquired_on", _now("所有者となった日が受付日より後です。"))
        return cleaned


def _in_a_year() -> date:
    return timezone.localdate() + timedelta(days=365)


class ExpiryForm(forms.Form):
    """Until when the lots that are given may be used."""

    expires_on = DayField(label=_("利用期限"), initial=lambda: _in_a_year().isoformat())


class RefusalForm(forms.Form):
    """Why a case is refused."""

    reason = forms.CharField(
        label=_("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
