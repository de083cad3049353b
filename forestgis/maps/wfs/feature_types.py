"""Feature types made from the catalogue."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from gisserver.crs import CRS, CRS84
from gisserver.features import FeatureField, FeatureType
from gisserver.geometries import WGS84BoundingBox

from forestgis.maps.access import layer_bounds, map_alias, readable_layers
from forestgis.maps.catalogue import LAYERS
from forestgis.maps.models import FEATURES
from tiles.layer import Field, Layer
from tiles.ogc.crs import EPSG_CODES


class CatalogueFeatureType(FeatureType):  # type: ignore[misc]
    """A feature type that is read as the map role of the reader, and whose extent is stated."""

    def __init__(self, layer: Layer) -> None:
        source, _ = layer.vector
        caution = f" {layer.caution.ja}" if layer.caution else ""
        super().__init__(
            FEATURES[layer.name].objects.all(),  # type: ignore[attr-defined]
            name=layer.name,
            title=layer.title.ja,
            abstract=f"{layer.title.en}. {layer.attribution.ja}.{caution}",
            keywords=[layer.group.ja, layer.group.en],
            fields=[FeatureField(source.geom), *map(_field, layer.fields)],
            geometry_field_name=source.geom,
            crs=CRS.from_srid(source.srid),
            other_crs=[CRS84, *(CRS.from_srid(code) for code in EPSG_CODES if code != source.srid)],
            show_name_field=False,
        )
        self.layer = layer

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows, asked for under the reader's map role, which may read less than the web role."""
        queryset: QuerySet[Any] = super().get_queryset()
        return queryset.using(map_alias())

    def get_bounding_box(self) -> WGS84BoundingBox:
        """Return the extent of the reader's rows, from few rows or none: never computed from all of them."""
        return WGS84BoundingBox(*layer_bounds(readable_layers())[self.name])


def _field(field: Field) -> FeatureField:
    unit = f" ({field.unit})" if field.unit else ""
    return FeatureField(field.name, abstract=f"{field.label.ja} / {field.label.en}{unit}")


FEATURE_TYPES = {layer.name: CatalogueFeatureType(layer) for layer in LAYERS if not layer.is_raster}
"""The feature type of each vector layer, by layer name."""
