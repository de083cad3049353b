"""Forms of felling notices and treatments."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forestgis.errors import ProductError
from forestgis.notices import areas
from forestgis.notices.models import (
    Attachment,
    FellingNotice,
    NoticeParty,
    Treatment,
)
from forestgis.parcels.case_selectors import next_number
from forestgis.parcels.selectors import own_municipalities
from forestgis.registry.models import Municipality
from forestgis.web.domain.years import fiscal_year_of
from forestgis.web.forms import DayField

_STANDS_HELP = _("林班-小班 又は KEYCODE。読点か空白で区切ります。例：12-34、12-35")


class AreaForm(forms.ModelForm):  # type: ignore[type-arg]  # one form for several models
    """A record of one's own municipality with an area: drawn on the map, else that of 小班."""

    stands = forms.CharField(
        label=_("小班"), required=False, max_length=2000, help_text=_STANDS_HELP
    )
    drawn = forms.CharField(
        label=_("区域（地図に描く）"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-draw": ""}),
        help_text=_("描くと、小班の形より優先します。GeoJSON（経度・緯度）を貼ることもできます。"),
    )

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
            self.suggest(only[0])

    def suggest(self, municipality: Municipality) -> None:
        """Fill in what follows from the municipality."""

    def clean(self) -> dict[str, Any]:
        """Read the area; what is wrong with it is told at its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.outline = areas.Outline(None, ())
        place: Municipality | None = cleaned.get("municipality")
        if place is None:
            return cleaned
        drawn, stands = cleaned.get("drawn") or "", cleaned.get("stands") or ""
        try:
            self.outline = areas.outline(place, drawn, stands)
        except ProductError as error:
            self.add_error("stands" if error.code == "unknown_stand" else "drawn", str(error))
        return cleaned


class NoticeForm(AreaForm):
    """A felling notice with its persons."""

    received_on = DayField(label=_("受付日"))
    starts_on = DayField(label=_("伐採の始期"))
    ends_on = DayField(label=_("伐採の終期"))
    regeneration_starts_on = DayField(label=_("造林の始期"), required=False)
    regeneration_ends_on = DayField(label=_("造林の終期"), required=False)
    notifier_name = forms.CharField(label=_("届出人の氏名又は名称"), max_length=120)
    notifier_address = forms.CharField(label=_("届出人の住所"), max_length=200)
    notifier_contact = forms.CharField(label=_("届出人の連絡先"), max_length=80, required=False)
    planter_name = forms.CharField(
        label=_("造林をする者の氏名又は名称（届出人と違うとき）"), max_length=120, required=False
    )
    planter_address = forms.CharField(label=_("造林をする者の住所"), max_length=200, required=False)

    class Meta:
        """Fields in the order of the paper."""

        model = FellingNotice
        fields: ClassVar[tuple[str, ...]] = (
            "municipality", "number", "received_on",
            "notifier_name", "notifier_address", "notifier_contact", "planter_name", "planter_address",
            "place", "stands", "drawn", "area_ha", "method", "rate_pct", "species", "age",
            "starts_on", "ends_on", "hauling", "hauling_road",
            "planting_ha", "seeding_ha", "sprout_ha", "natural_ha", "regeneration_aid",
            "regeneration_starts_on", "regeneration_ends_on", "regeneration_species", "stems", "fallback",
            "conversion", "solar", "letter", "note",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["received_on"].initial = timezone.localdate().isoformat()

    def suggest(self, municipality: Municipality) -> None:
        """Suggest the next number of the year."""
        today = timezone.localdate()
        self.fields["number"].initial = next_number(FellingNotice, municipality, today)

    def clean(self) -> dict[str, Any]:
        """Refuse what no paper can say; what a paper may say wrongly is for the examination."""
        cleaned = super().clean()
        for name in ("area_ha", "planting_ha", "seeding_ha", "sprout_ha", "natural_ha", "rate_pct"):
            value = cleaned.get(name)
            if value is not None and (value < 0 or (name == "rate_pct" and value > 100)):
                self.add_error(name, _("値が範囲の外です。"))
        return cleaned

    def parties(self) -> list[NoticeParty]:
        """Return the persons of the paper, unsaved."""
        given = self.cleaned_data
        notifier = NoticeParty(
            role=NoticeParty.Role.NOTIFIER,
            name=given["notifier_name"],
            address=given["notifier_address"],
            contact=given["notifier_contact"],
        )
        if not given["planter_name"]:
            return [notifier]
        planter = NoticeParty(
            role=NoticeParty.Role.PLANTER,
            name=given["planter_name"],
            address=given["planter_address"],
        )
        return [notifier, planter]


class SearchForm(forms.Form):
    """What to look for among the notices."""

    q = forms.CharField(label=_("番号・所在・KEYCODE"), required=False, max_length=80)
    state = forms.ChoiceField(
        label=_("状態"), required=False, choices=[("", _("すべて")), *FellingNotice.State.choices]
    )
    municipality = forms.ModelChoiceField(
        label=_("市町村"),
        queryset=Municipality.objects.defer("geom", "geom_3857", "label_3857"),
        required=False,
        empty_label=_("すべて"),
    )


class AttachmentForm(forms.Form):
    """A paper of a notice."""

    kind = forms.ChoiceField(label=_("種類"), choices=Attachment.Kind.choices)
    file = forms.FileField(
        label=_("ファイル"), help_text=_("PDF、PNG、JPEG、TIFF、Word、Excel。20 MBまで。")
    )


class ExamineForm(forms.Form):
    """The outcome of the examination."""

    conforms = forms.TypedChoiceField(
        label=_("市町村森林整備計画に"),
        choices=[("yes", _("適合する")), ("no", _("適合しない"))],
        coerce=lambda value: value == "yes",
    )
    note = forms.CharField(label=_("所見"), max_length=300, required=False)


class LetterForm(forms.Form):
    """A letter that goes out."""

    letter = forms.ChoiceField(label=_("通知書"), choices=FellingNotice.Letter.choices[1:])
    number = forms.CharField(label=_("文書番号"), max_length=40)
    on = DayField(label=_("通知日"), initial=lambda: timezone.localdate().isoformat())


class ReportForm(forms.Form):
    """A report on what was done."""

    done_on = DayField(label=_("完了日"))
    reported_on = DayField(label=_("報告日"), initial=lambda: timezone.localdate().isoformat())


class TreatmentForm(AreaForm):
    """A treatment for the history."""

    done_on = DayField(label=_("完了日"), required=False)

    class Meta:
        """Fields in their order."""

        model = Treatment
        fields: ClassVar[tuple[str, ...]] = (
            "municipality", "kind", "fiscal_year", "done_on", "stands", "drawn", "area_ha",
            "species", "volume_m3", "note",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["fiscal_year"].initial = fiscal_year_of(timezone.localdate())

    def clean(self) -> dict[str, Any]:
        """Hold the year to the day, and the area to what an area can be."""
        cleaned = super().clean()
        day, year = cleaned.get("done_on"), cleaned.get("fiscal_year")
        if day and year and fiscal_year_of(day) != year:
            self.add_error("fiscal_year", _("完了日の年度と違います。"))
        area = cleaned.get("area_ha")
        if area is not None and area <= 0:
            self.add_error("area_ha", _("値が範囲の外です。"))
        return cleaned


class TreatmentSearchForm(forms.Form):
    """What to look for in the treatment history."""

    year = forms.IntegerField(label=_("年度"), required=False, min_value=1900, max_value=2200)
    kind = forms.ChoiceField(
        label=_("施業"), required=False, choices=[("", _("すべて")), *Treatment.Kind.choices]
    )
    municipality = forms.ModelChoiceField(
        label=_("市町村"),
        queryset=Municipality.objects.defer("geom", "geom_3857", "label_3857"),
        required=False,
        empty_label=_("すべて"),
    )
    keycode = forms.CharField(label=_("小班（KEYCODE）"), required=False, max_length=14)
