"""Forms of the survey pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forestgis.registry.domain.sharing import Sharing, published_sharing
from forestgis.registry.models import Municipality


class PublishForm(forms.Form):
    """Who may see a run."""

    sharing = forms.ChoiceField(
        label=_("公開範囲"), choices=published_sharing, initial=Sharing.MUNICIPALITIES
    )
    shared_with = forms.ModelMultipleChoiceField(
        label=_("公開先の市町村"),
        queryset=Municipality.objects.defer("geom", "geom_3857"),
        required=False,
        help_text=_("「指定した市町村」を選んだときだけ使います。"),
    )
    replace = forms.BooleanField(
        label=_("この解析にない区域も含めて、公開中の解析を置き換える"), required=False
    )

    def codes(self) -> list[str]:
        """5-digit codes of the chosen municipalities."""
        chosen: Any = self.cleaned_data["shared_with"]
        return [municipality.code for municipality in chosen]
