"""Addresses of the map services."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from forestgis.maps import products, qgis, views, wmts
from forestgis.maps.ogcapi import routes as ogcapi_routes
from forestgis.maps.ogcapi import views as ogcapi
from forestgis.maps.wfs.service import wfs
from forestgis.maps.wms import wms
from tiles.raster.tile import FORMATS


class RasterEnding(StringConverter):
    """Ending of a picture's address: its format."""

    regex = "|".join(FORMATS)


register_converter(RasterEnding, "raster")
app_name = "maps"
TILE_PATTERNS = [
    path("maps/tiles/<slug:name>/<int:z>/<int:x>/<int:y>.mvt", views.vector_tile, name="tile"),
    path(
        "maps/raster/<slug:name>/<int:z>/<int:x>/<int:y>.<raster:ending>",
        views.raster,
        name="raster",
    ),
]
"""Addresses asked for many times a second: see `TileMiddleware`."""
urlpatterns = [
    *TILE_PATTERNS,
    path("maps/layers.json", views.layers_json, name="layers"),
    path("maps/style.json", views.style, name="style"),
    path("maps/style/<slug:name>.sld", views.style_sld, name="sld"),
    path("maps/style/<slug:name>.qml", qgis.style, name="qml"),
    path("maps/forestgis.qgz", qgis.project, name="qgis-project"),
    path("maps/legend/<slug:name>.json", views.legend_json, name="legend"),
    path("maps/tiles/<slug:name>.json", views.tile_json, name="tilejson"),
    path("maps/raster/<slug:name>/value", views.raster_value, name="raster-value"),
    path("maps/products/<int:key>.tif", products.download, name="product"),
    path("wms", wms, name="wms"),
    path("wmts", wmts.service, name="wmts"),
    path("wmts/1.0.0/WMTSCapabilities.xml", wmts.capabilities, name="wmts-capabilities"),
    path(
        "wmts/<slug:name>/default/<slug:matrix_set>/<int:z>/<int:row>/<int:column>.<raster:ending>",
        wmts.tile,
        name="wmts-tile",
    ),
    path("wfs", wfs, name="wfs"),
    path("ogc", ogcapi.landing),
    path("ogc/", ogcapi.landing, name="ogcapi-landing"),
    path("ogc/conformance", ogcapi.conformance, name="ogcapi-conformance"),
    path("ogc/api", ogcapi.definition, name="ogcapi-definition"),
    path("ogc/collections", ogcapi.collections, name="ogcapi-collections"),
    path("ogc/collections/<slug:name>", ogcapi.collection, name="ogcapi-collection"),
    path("ogc/collections/<slug:name>/queryables", ogcapi.queryables, name="ogcapi-queryables"),
    path("ogc/collections/<slug:name>/items", ogcapi_routes.items, name="ogcapi-items"),
    path("ogc/collections/<slug:name>/items/<int:key>", ogcapi_routes.item, name="ogcapi-item"),
]
