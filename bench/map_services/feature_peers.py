"""The peers that features are measured against: MapServer's own WFS, and django-gisserver as it comes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.gis.db import models
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path

from tiles.layer import Layer


def map_text(layer: Layer) -> str:
    """Return a map file that serves a layer by WFS, every field, as MapServer's manual has it."""
    source, _ = layer.vector
    fields = [field.name for field in layer.fields]
    columns = ", ".join([source.key, *fields, source.geom])
    data = f"{source.geom} from (select {columns} from {source.relation}) as q using unique {source.key} using srid=6668"  # noqa: S608
    return f"""
MAP
  NAME "peer" SIZE 10 10 EXTENT 139 41 149 46 UNITS DD IMAGETYPE png
  PROJECTION "init=epsg:6668" END
  OUTPUTFORMAT NAME "geojson" DRIVER "OGR/GEOJSON" MIMETYPE "application/json"
    FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=simple" END
  WEB METADATA "ows_title" "peer" "ows_srs" "EPSG:6668 EPSG:4326" "wfs_enable_request" "*"
    "ows_onlineresource" "http://localhost/" "wfs_getfeature_formatlist" "gml,geojson" END END
  LAYER
    NAME "{layer.name}" TYPE POLYGON STATUS ON
    CONNECTIONTYPE POSTGIS CONNECTION "application_name=peer"
    DATA "{data}"
    PROJECTION "init=epsg:6668" END
    METADATA "wfs_title" "{layer.name}" "gml_featureid" "{source.key}" "gml_include_items" "all"
      "wfs_getfeature_formatlist" "gml,geojson" END
  END
END
"""


@contextmanager
def map_server(layer: Layer) -> Iterator[str]:
    """Run one MapServer process that serves a layer, and give its socket."""
    from tiles.ogc import fcgi
    from tiles.style import mapfile

    # A socket's path has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="fg") as short:
        folder = Path(short)
        (folder / "peer.map").write_text(map_text(layer), encoding="utf-8")
        configuration = folder / "mapserver.conf"
        configuration.write_text(mapfile.config_file(str(folder / "peer.map")))
        environment = {"MAPSERVER_CONFIG_FILE": str(configuration), "PATH": os.defpath}
        with fcgi.pool("/usr/lib/cgi-bin/mapserv", folder / "s", environment) as path:
            yield str(path)


def database_variables(alias: str) -> Mapping[str, str]:
    """Return the variables that give MapServer the prefecture's role and principal."""
    from django.db import connections

    from forestgis.tenancy import token
    from forestgis.tenancy.principal import Principal

    database = connections[alias].settings_dict
    signed = token.sign(Principal("prefecture"))
    return {
        "PGHOST": str(database["HOST"]),
        "PGPORT": str(database["PORT"]),
        "PGDATABASE": str(database["NAME"]),
        "PGUSER": str(database["USER"]),
        "PGPASSWORD": str(database["PASSWORD"]),
        "PGOPTIONS": "-c forestgis.principal=" + signed.replace("\\", "\\\\").replace(" ", "\\ "),
    }


def _plain_model(layer: Layer) -> type[models.Model]:
    """Return the layer's model with Django's own geometry field."""
    from django.apps.registry import Apps

    from forestgis.maps.models import FEATURES

    known = FEATURES[layer.name]
    source, _ = layer.vector
    kept = [field for field in known._meta.fields if field.name != source.geom]
    meta = type(
        "Meta",
        (),
        {"managed": False, "apps": Apps(), "db_table": source.relation, "app_label": "peer"},
    )
    return type(
        "Plain",
        (models.Model,),
        {
            "__module__": __name__,
            "Meta": meta,
            **{field.name: field.clone() for field in kept},
            source.geom: models.MultiPolygonField(srid=source.srid),
        },
    )


def _gisserver(layer: Layer) -> Any:  # noqa: ANN401
    """Return gisserver's view of a layer, read whole inside the transaction that carries the principal."""
    from gisserver.features import FeatureField, FeatureType
    from gisserver.views import WFSView

    source, _ = layer.vector
    names = [source.geom, *(field.name for field in layer.fields)]

    class Peer(WFSView):  # type: ignore[misc]
        max_page_size = 1_000_000
        feature_types = [
            FeatureType(
                _plain_model(layer).objects.using("map_prefecture").order_by(source.key),  # type: ignore[attr-defined]
                name=layer.name,
                fields=[FeatureField(name) for name in names],
                show_name_field=False,
            )
        ]

        def dispatch(
            self, request: HttpRequest, *args: object, **kwargs: object
        ) -> HttpResponseBase:
            with transaction.atomic(using="map_prefecture"):
                response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
                if response.streaming:
                    response.streaming_content = list(response)  # type: ignore[attr-defined]
            return response

    return Peer.as_view()


application = get_wsgi_application()
from django.conf import settings  # noqa: E402

from forestgis import urls  # noqa: E402
from forestgis.maps.catalogue import BY_NAME  # noqa: E402

settings.API_PREFIXES = (*settings.API_PREFIXES, "/peer")
urls.urlpatterns.append(path("peer", _gisserver(BY_NAME["subcompartment"])))
