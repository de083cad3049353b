"""Forms of the register's pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forestgis.registry import search_selectors, selectors
from forestgis.registry.domain.search import Criteria, municipality_named, read_words
from forestgis.tenancy.principal import current
from forestgis.web.widgets import PlainSelect

SORT_LABELS = {
    "number": _("林班-小班の順"),
    "-area": _("面積の大きい順"),
    "area": _("面積の小さい順"),
    "-broadleaf": _("広葉樹蓄積の多い順"),
    "broadleaf": _("広葉樹蓄積の少ない順"),
    "-age": _("林齢の高い順"),
    "age": _("林齢の低い順"),
}
_DIRECT = (
    "lot",
    "municipality",
    "edition",
    "species",
    "any_storey",
    "forest_type",
    "protection",
    "age_class_min",
    "age_class_max",
    "area_min_ha",
    "area_max_ha",
    "conifer_min_m3ha",
    "conifer_max_m3ha",
    "broadleaf_min_m3ha",
    "broadleaf_max_m3ha",
)
_RANGES = ("age_class_min", "area_min_ha", "conifer_min_m3ha", "broadleaf_min_m3ha")


def _range_end(label: Any, **options: Any) -> forms.DecimalField:  # noqa: ANN401
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=9, decimal_places=4, **options
    )


class SearchForm(forms.Form):
    """What to look for; every field may be empty."""

    q = forms.CharField(
        label=_("KEYCODE、林班-小班、市町村名、地番"),
        required=False,
        max_length=100,
        help_text=_("例：12-34、12林班、01559000120034、滝上町 12-34"),
    )
    municipality = forms.ChoiceField(label=_("市町村"), required=False, widget=PlainSelect)
    edition = forms.TypedChoiceField(
        label=_("年度"), required=False, coerce=int, empty_value=None, widget=PlainSelect
    )
    lot = forms.CharField(
        label=_("代表地番・大字"),
        required=False,
        max_length=60,
        help_text=_("例：川上 123番4。123-4 でも見つかります。"),
    )
    species = forms.ChoiceField(label=_("樹種"), required=False, widget=PlainSelect)
    any_storey = forms.BooleanField(
        label=_("混交樹種と下層も含める"),
        required=False,
        help_text=_("付けないときは、上層の第1樹種だけを見ます。"),
    )
    forest_type = forms.ChoiceField(label=_("林種"), required=False, widget=PlainSelect)
    protection = forms.ChoiceField(
        label=_("森林の種類（保安林）"), required=False, widget=PlainSelect
    )
    age_class_min = forms.IntegerField(
        label=_("齢級（以上）"), required=False, min_value=1, max_value=99
    )
    age_class_max = forms.IntegerField(
        label=_("齢級（以下）"), required=False, min_value=1, max_value=99
    )
    area_min_ha = _range_end(_("面積 ha（以上）"))
    area_max_ha = _range_end(_("面積 ha（以下）"))
    broadleaf_min_m3ha = _range_end(_("広葉樹蓄積 m³/ha（以上）"))
    broadleaf_max_m3ha = _range_end(_("広葉樹蓄積 m³/ha（以下）"))
    conifer_min_m3ha = _range_end(_("針葉樹蓄積 m³/ha（以上）"))
    conifer_max_m3ha = _range_end(_("針葉樹蓄積 m³/ha（以下）"))
    sort = forms.ChoiceField(label=_("並べ方"), required=False, choices=list(SORT_LABELS.items()))

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self._offer("edition", selectors.edition_choices(), _("現行の年度"))
        codes = selectors.code_choices()
        for name in ("species", "forest_type", "protection"):
            self._offer(name, codes.get(name, []), _("指定しない"))
        if len(current().codes) == 1:
            del self.fields["municipality"]
        else:
            self._offer("municipality", selectors.municipality_choices(), _("指定しない"))

    def _offer(self, name: str, choices: Sequence[tuple[Any, str]], nothing: Any) -> None:  # noqa: ANN401
        field: Any = self.fields[name]
        field.choices = [("", nothing), *choices]

    def clean(self) -> dict[str, Any]:
        """Read the search box, and check what depends on more than one field."""
        values: dict[str, Any] = super().clean() or {}
        self._read_box(values)
        for lowest in _RANGES:
            self._check_range(values, lowest)
        values["sort"] = values.get("sort") or "number"
        within_one = search_selectors.one_municipality(
            Criteria(municipality=values.get("municipality") or "")
        )
        if values.get("lot") and not within_one:
            self.add_error("lot", _("地番や大字で探すときは、市町村を選んでください。"))
        if values["sort"] not in search_selectors.SORTS_EVERYWHERE and not within_one:
            self.add_error("sort", _("この並べ方は、市町村を1つ選ぶと使えます。"))
        return values

    def _read_box(self, values: dict[str, Any]) -> None:
        """Spread what was typed over the fields; what is no number is a municipality or a place."""
        words = read_words(values.get("q") or "")
        places = []
        names = selectors.municipality_names() if words.rest else {}
        for word in words.rest:
            named = municipality_named(word, names)
            if named and "municipality" in self.fields and not values.get("municipality"):
                values["municipality"] = named
            elif not named:
                places.append(word)
        values["words"] = words
        values["lot"] = " ".join([*places, values.get("lot") or ""]).strip()

    def _check_range(self, values: dict[str, Any], lowest: str) -> None:
        highest = lowest.replace("_min", "_max")
        least, most = values.get(lowest), values.get(highest)
        if least is not None and most is not None and least > most:
            self.add_error(highest, _("「以上」の値より小さくなっています。"))

    def criteria(self) -> Criteria:
        """Return what to look for; the form must be valid."""
        values = self.cleaned_data
        words = values["words"]
        return Criteria(
            keycode=words.keycode,
            compartment=words.compartment,
            number=words.number,
            **{name: values[name] for name in _DIRECT if name in values},
        )

    @property
    def ranges(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Fields of two ends, to be shown beside each other."""
        return [(self[name], self[name.replace("_min", "_max")]) for name in _RANGES]

    @property
    def filters_in_use(self) -> int:
        """How many fields other than search box and order ask something."""
        return sum(bool(self.data.get(name)) for name in self.fields if name not in ("q", "sort"))
