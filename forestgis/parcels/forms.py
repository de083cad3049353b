"""Forms of the ledger's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from forestgis.parcels import selectors
from forestgis.parcels.models import LedgerImport
from forestgis.registry.domain.sharing import published_sharing
from forestgis.registry.models import Municipality

UPLOAD_LIMIT_MB = 300
STATES = (
    ("", _("すべて")),
    ("ledger", _("台帳に記載")),
    ("map_only", _("地図だけにある")),
    ("no_shape", _("地図に形がない")),
    ("unplaced", _("任意座標")),
)
#: Purposes that the municipality's own duties give (森林法191条の4, 個人情報保護法61条).
PURPOSES = (
    ("", "―"),
    (_("伐採届の審査"), _("伐採届の審査")),
    (_("森林経営計画の審査"), _("森林経営計画の審査")),
    (_("意向調査・経営管理"), _("意向調査・経営管理")),
    (_("台帳の修正・更新"), _("台帳の修正・更新")),
    (_("情報提供の申出の審査"), _("情報提供の申出の審査")),
    (_("災害対応"), _("災害対応")),
)


def municipality_field(**options: Any) -> forms.ModelChoiceField[Municipality]:  # noqa: ANN401
    """Return a choice of municipality; its query set is set when the form is made."""
    return forms.ModelChoiceField(
        label=_("市町村"), queryset=Municipality.objects.none(), empty_label=None, **options
    )


class OwnMunicipalityForm(forms.Form):
    """A form for one of the municipalities that the user writes for; hidden where there is but one."""

    municipality = municipality_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        own = selectors.own_municipalities()
        field: Any = self.fields["municipality"]
        field.queryset = own
        codes = list(own.values_list("pk", flat=True)[:2])
        if len(codes) == 1:
            field.initial = codes[0]
            field.widget = forms.HiddenInput()


class SearchForm(forms.Form):
    """What to look for in the ledger."""

    q = forms.CharField(label=_("所在・地番"), required=False, max_length=80,
                        help_text=_("例：滝上 12-3、12番地3"))  # fmt: skip
    municipality = forms.ModelChoiceField(
        label=_("市町村"),
        queryset=Municipality.objects.defer("geom", "geom_3857", "label_3857"),
        required=False,
        empty_label=_("すべて"),
    )
    state = forms.ChoiceField(label=_("記載と図形"), choices=STATES, required=False)


class UploadForm(OwnMunicipalityForm):
    """A file for the ledger."""

    kind = forms.ChoiceField(label=_("種類"), choices=LedgerImport.Kind.choices)
    file = forms.FileField(
        label=_("ファイル"), help_text=_("取り込む前に検査します。検査だけでは何も変わりません。")
    )

    def clean_file(self) -> UploadedFile[Any]:
        """Refuse what is larger than any municipality's file."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > UPLOAD_LIMIT_MB * 2**20:
            words = _now("ファイルが大きすぎます（%(limit)s MBまで）。地区ごとに分けてください。")
            raise forms.ValidationError(words, params={"limit": UPLOAD_LIMIT_MB})
        return file


class PurposeForm(forms.Form):
    """What personal data are needed for."""

    purpose = forms.ChoiceField(label=_("閲覧の目的"), choices=PURPOSES)
    detail = forms.CharField(
        label=_("補足"), max_length=120, required=False, help_text=_("例：届出の番号")
    )

    def words(self) -> str:
        """Return the purpose as it is written into the audit trail."""
        chosen = (self.cleaned_data["purpose"], self.cleaned_data["detail"])
        return "：".join(part for part in chosen if part)


class OwnerSearchForm(PurposeForm):
    """Whose lots to look for, and what for."""

    name = forms.CharField(
        label=_("氏名又は名称（一部でも）"),
        min_length=2,
        max_length=60,
        help_text=_("2文字以上。空白の有無は問いません。"),
    )
    field_order = ("name", "purpose", "detail")


class RelateForm(OwnMunicipalityForm):
    """Whose lots to relate to the 小班 of the current register."""


class PublishForm(OwnMunicipalityForm):
    """Who else may read the published part of the ledger."""

    sharing = forms.ChoiceField(label=_("公開範囲"), choices=published_sharing)
    shared_with = forms.ModelMultipleChoiceField(
        label=_("公開先の市町村"),
        queryset=Municipality.objects.defer("geom", "geom_3857", "label_3857"),
        required=False,
        help_text=_("「指定した市町村」を選んだときだけ使います。"),
    )
