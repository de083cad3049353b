"""Addresses of the map services."""

from django.urls import path

from forestgis.maps import views
from forestgis.maps.wfs.service import wfs
from forestgis.maps.wms import wms

app_name = "maps"
urlpatterns = [
    path("maps/layers.json", views.layers_json, name="layers"),
    path("maps/style.json", views.style, name="style"),
    path("maps/style/<slug:name>.sld", views.style_sld, name="sld"),
    path("maps/legend/<slug:name>.json", views.legend_json, name="legend"),
    path("maps/tiles/<slug:name>.json", views.tile_json, name="tilejson"),
    path("maps/tiles/<slug:name>/<int:z>/<int:x>/<int:y>.mvt", views.vector_tile, name="tile"),
    path("maps/raster/<slug:name>/<int:z>/<int:x>/<int:y>.png", views.raster, name="raster"),
    path("wms", wms, name="wms"),
    path("wfs", wfs, name="wfs"),
]
