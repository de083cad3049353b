"""Forms of importing a register."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from forestgis.registry import import_selectors
from forestgis.registry.domain.zones import JGD2000_EPSG, JGD2011_EPSG
from forestgis.registry.imports.stands import COLUMNS
from forestgis.registry.models import ImportSource, RegisterImport

UPLOAD_LIMIT_MB = 1000
_ROMAN = {11: "XI", 12: "XII", 13: "XIII"}
_CRS = (
    ("", _("ファイルのとおり")),
    *((epsg, f"JGD2011 {_ROMAN[zone]} (EPSG:{epsg})") for zone, epsg in JGD2011_EPSG.items()),
    *((epsg, f"JGD2000 {_ROMAN[zone]} (EPSG:{epsg})") for zone, epsg in JGD2000_EPSG.items()),
    (6668, "JGD2011 (EPSG:6668)"),
)


class UploadForm(forms.ModelForm[RegisterImport]):
    """A register to be checked."""

    file = forms.FileField(
        label=_("小班"),
        help_text=_("公開されたZIP（小班と調査簿）のまま、またはGeoPackage、GeoJSON"),
    )
    rows = forms.FileField(
        label=_("調査簿"),
        required=False,
        help_text=_("ZIPに入っていないときだけ。XLSXまたはCSV（Shift_JIS、UTF-8）"),
    )
    source = forms.ModelChoiceField(
        label=_("列の対応"),
        queryset=ImportSource.objects.none(),
        required=False,
        empty_label=_("公開された見出しのまま"),
        help_text=_("見出しが違うファイルは、検査のあとで対応を決めて名前を付けておけます。"),
    )
    epsg = forms.TypedChoiceField(
        label=_("座標系"),
        choices=_CRS,
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_(".prj がないときだけ選んでください。"),
    )

    class Meta:
        """Fields of the model that the form fills."""

        model = RegisterImport
        fields = ("municipality", "year")

    field_order = ("municipality", "year", "file", "rows", "source", "epsg")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["municipality"].queryset = import_selectors.own_municipalities()
        fields["municipality"].empty_label = None
        fields["source"].queryset = import_selectors.sources()
        today = timezone.localdate()
        # 年度: from April.
        fields["year"].initial = today.year if today.month >= 4 else today.year - 1

    def clean_file(self) -> UploadedFile[Any] | None:
        """Refuse a file that is larger than the service takes."""
        return self._small_enough("file")

    def clean_rows(self) -> UploadedFile[Any] | None:
        """Refuse a file that is larger than the service takes."""
        return self._small_enough("rows")

    def _small_enough(self, name: str) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data[name]
        if file is not None and (file.size or 0) > UPLOAD_LIMIT_MB << 20:
            text = _now("ファイルが大きすぎます（%(limit)s MBまで）。")
            raise forms.ValidationError(text % {"limit": UPLOAD_LIMIT_MB})
        return file

    def upload(self) -> RegisterImport:
        """Return the import that the form describes, not saved."""
        upload = self.save(commit=False)
        upload.epsg = self.cleaned_data["epsg"]
        source = self.cleaned_data["source"]
        upload.mapping = source.mapping if source else {}
        return upload


class MappingForm(forms.Form):
    """Which column of the files is what."""

    def __init__(
        self,
        headings: list[str],
        polygon_columns: list[str],
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["polygon_keycode"] = _column(_("小班のKEYCODE"), "KEYCODE", polygon_columns)
        self.fields["keycode"] = _column(_("調査簿のKEYCODE"), "KEYCODE", headings)
        for column in COLUMNS:
            self.fields[column.field] = _column(column.heading, column.heading, headings)
        self.fields["save_as"] = forms.CharField(
            label=_("この対応に付ける名前"),
            max_length=80,
            required=False,
            help_text=_("付けておくと、次の年度のファイルで選べます。"),
        )

    def mapping(self) -> dict[str, str]:
        """Return the fields that have another heading than the published one."""
        return {
            name: heading
            for name, heading in self.cleaned_data.items()
            if heading and name != "save_as"
        }


def _column(label: Any, published: str, headings: list[str]) -> forms.ChoiceField:  # noqa: ANN401
    default = _("公開された見出し") if published in headings else _("なし")
    choices = [("", default), *((heading, heading) for heading in headings if heading)]
    return forms.ChoiceField(label=label, choices=choices, required=False)
