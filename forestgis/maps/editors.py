"""How the features of a layer are written: by the services of the app that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.gis.geos import GEOSGeometry
from django.core.exceptions import ObjectDoesNotExist

from forestgis.roads import editing as roads
from forestgis.roads.models import Segment

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Editor:
    """The services of a layer.

    Attributes
    ----------
    table : str
        Where the rows are, for their history; it has the layer's keys.
    create, change, delete : callables
        They raise ValidationError for wrong values, PermissionDenied, and what `missing` names.
    """

    table: str
    create: Callable[[Values, GEOSGeometry | None], int]
    change: Callable[[int, Values, GEOSGeometry | None], None]
    delete: Callable[[int], None]
    missing: type[ObjectDoesNotExist]


EDITORS: Mapping[str, Editor] = {
    "road": Editor(
        Segment._meta.db_table,
        roads.create_segment,
        roads.change_segment,
        roads.delete_segment,
        Segment.DoesNotExist,
    ),
}
"""By layer; each declares which of its fields are writable."""
