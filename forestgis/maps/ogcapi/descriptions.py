"""What a collection is, from its declaration."""

from __future__ import annotations

from django.http import HttpRequest

from forestgis.maps.ogcapi import links
from tiles.features.schema import queryables
from tiles.layer import Bounds, Layer
from tiles.ogc.crs import CRS84, OFFERED, epsg


def collection(
    request: HttpRequest, layer: Layer, bounds: Bounds, own: list[links.Link]
) -> dict[str, object]:
    """Describe a collection; `own` are the links to the description itself."""
    source, _ = layer.vector
    caution = f" {layer.caution.ja}" if layer.caution else ""
    return {
        "id": layer.name,
        "title": layer.title.ja,
        "description": f"{layer.title.en}. {layer.attribution.ja}.{caution}",
        "attribution": layer.attribution.ja,
        "itemType": "feature",
        "extent": {"spatial": {"bbox": [list(bounds)], "crs": CRS84.uri}},
        "crs": [crs.uri for crs in OFFERED],
        "storageCrs": epsg(source.srid).uri,
        "links": [*own, *links.of_collection(request, layer)],
    }


def queryables_of(request: HttpRequest, layer: Layer) -> dict[str, object]:
    """Return the JSON schema of what filters may name."""
    return queryables(layer, links.address(request, "queryables", layer.name))
