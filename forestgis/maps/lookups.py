"""Spatial comparisons of the layers' geometry that the spatial index answers (see `tiles.features.spatial`)."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db import models
from django.contrib.gis.db.models import lookups
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

from tiles.features.spatial import in_reach

_NEED_TOUCH: tuple[type[lookups.GISLookup], ...] = (
    lookups.IntersectsLookup,
    lookups.WithinLookup,
    lookups.ContainsLookup,
    lookups.CrossesLookup,
    lookups.EqualsLookup,
    lookups.OverlapsLookup,
    lookups.TouchesLookup,
)


def indexed(
    field: type[models.GeometryField[Any, Any]], mercator: str
) -> type[models.GeometryField[Any, Any]]:
    """Return a class of geometry fields in EPSG:6668 whose comparisons ask the index of another column.

    Parameters
    ----------
    field : the class of the same kind of geometry
    mercator : name of the column that holds the same in EPSG:3857
    """
    made: type[models.GeometryField[Any, Any]] = type(field.__name__, (field,), {})
    for comparison in _NEED_TOUCH:
        made.register_lookup(_indexed(comparison, mercator))
    return made


def _indexed(comparison: type[lookups.GISLookup], mercator: str) -> type[lookups.GISLookup]:
    class Indexed(comparison):  # type: ignore[misc, valid-type]
        """The comparison, behind one of boxes."""

        def as_sql(
            self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
        ) -> tuple[str, list[Any]]:
            exact, params = super().as_sql(compiler, connection)
            geometry, own_params = self.process_rhs(compiler, connection)
            quote = connection.ops.quote_name
            column = f"{quote(self.lhs.alias)}.{quote(mercator)}"
            return f"({in_reach(column, geometry)} AND {exact})", [*own_params, *params]

    return Indexed
