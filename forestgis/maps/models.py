"""Read-only models over the layer views, made from the declarations. They exist for the ORM's filters only."""

from __future__ import annotations

from typing import Any, Self

from django.apps.registry import Apps
from django.contrib.gis.db import models
from django.db.models.expressions import Combinable

from forestgis.maps.catalogue import LAYERS
from forestgis.maps.lookups import indexed
from tiles.layer import Field, FieldType, Geometry, Layer


class KeyedQuerySet(models.QuerySet[Any]):
    """Rows whose every order ends with the key, so that pages neither repeat nor lose a row."""

    def order_by(self, *field_names: str | Combinable) -> Self:
        """Order by the fields, and by the key where they are equal."""
        return super().order_by(*field_names, "pk") if field_names else super().order_by()


# A registry of their own: migrations look after tables, and these are views.
_REGISTRY = Apps()

_GEOMETRY_FIELDS: dict[Geometry, type[models.GeometryField[Any, Any]]] = {
    Geometry.MULTIPOLYGON: models.MultiPolygonField,
    Geometry.POLYGON: models.PolygonField,
    Geometry.MULTILINESTRING: models.MultiLineStringField,
}


def _column(field: Field) -> models.Field[Any, Any]:
    common: dict[str, Any] = {"verbose_name": field.label.ja, "null": True}
    if field.type is FieldType.INTEGER:
        return models.IntegerField(**common)
    if field.type is FieldType.DECIMAL:
        return models.DecimalField(max_digits=18, decimal_places=field.decimals, **common)
    if field.type is FieldType.DATE:
        return models.DateField(**common)
    if field.type is FieldType.BOOLEAN:
        return models.BooleanField(**common)
    return models.CharField(max_length=field.length, **common)


def _model(layer: Layer) -> type[models.Model]:
    source, _ = layer.vector
    meta = type(
        "Meta",
        (),
        {
            "managed": False,
            "apps": _REGISTRY,
            "db_table": source.relation,
            "app_label": "maps",
            "ordering": [source.key],
            "verbose_name": layer.title.ja,
        },
    )
    geometry = indexed(_GEOMETRY_FIELDS[source.geometry], source.geom_3857)
    attributes: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": f"Row of {source.relation}, read only.",
        "Meta": meta,
        "objects": KeyedQuerySet.as_manager(),
        source.key: models.BigIntegerField(primary_key=True),
        source.geom: geometry(srid=source.srid, spatial_index=False),
        **{field.name: _column(field) for field in layer.fields},
    }
    return type(layer.name.capitalize(), (models.Model,), attributes)


FEATURES: dict[str, type[models.Model]] = {
    layer.name: _model(layer) for layer in LAYERS if not layer.is_raster
}
"""The model of each vector layer, by layer name."""
