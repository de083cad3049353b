"""What a page with a form needs so that an area can be drawn on a map in it."""

from __future__ import annotations

from typing import Any

from django import forms

from forestgis.tenancy.principal import current
from forestgis.web.map_config import draw_config
from forestgis.web.selectors import home_bounds


def drawing(form: forms.BaseForm) -> dict[str, Any]:
    """Return the context of a page with the form; the map begins on the user's municipality."""
    return {"form": form, "draw_config": draw_config(home_bounds(current()))}
