"""Where the next page begins: the last row's values, signed for one layer and one selection."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from django.core import signing
from django.utils.translation import gettext as _

from forestgis.maps.ogcapi.problems import wrong_parameter
from tiles.layer import Layer

# What may change from page to page without changing which rows there are and in which order.
_FREE = ("cursor", "limit", "crs", "properties", "skipGeometry", "f")


def write(after: Sequence[str | None], layer: Layer, given: Mapping[str, str]) -> str:
    """Return the cursor of the rows behind one."""
    return signing.dumps(list(after), salt=_salt(layer, given), compress=True)


def read(text: str, layer: Layer, given: Mapping[str, str]) -> list[str | None]:
    """Return the values of the row that a page begins behind.

    Raises
    ------
    ProblemError
        400 if the cursor was made for another layer or another selection, or not by us.
    """
    try:
        values: list[str | None] = signing.loads(text, salt=_salt(layer, given))
    except signing.BadSignature as error:
        raise wrong_parameter(
            "cursor",
            _("このカーソルは別のレイヤか別の条件のものです。最初のページから読み直してください。"),
        ) from error
    return values


def _salt(layer: Layer, given: Mapping[str, str]) -> str:
    selection = sorted((name, value) for name, value in given.items() if name not in _FREE)
    digest = hashlib.sha256(repr(selection).encode()).hexdigest()
    return f"items:{layer.name}:{digest}"
