"""The map server of this installation: its files, and one request to it under a principal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.http import HttpRequest

from forestgis.maps.access import map_alias, reader
from forestgis.maps.catalogue import LAYERS
from forestgis.tenancy import token
from tiles.ogc import fcgi
from tiles.ogc.gate import WmsRequest, drawn_by_parts
from tiles.style import mapfile, wfsmap

PROGRAM = "/usr/lib/cgi-bin/mapserv"
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
PARTS = {layer.name: mapfile.drawn_by(layer) for layer in LAYERS}
"""Names of the map file's layers by the name that readers know."""
TITLE = "森林資源情報サービス"
ABSTRACT = "Forest resources of Hokkaido: register, laser survey volumes, roads"


@dataclass(frozen=True, slots=True)
class MapServerFiles:
    """Paths of what `write_mapfile` writes, under one folder."""

    folder: Path

    @property
    def config(self) -> Path:
        """MapServer's own configuration, named by MAPSERVER_CONFIG_FILE."""
        return self.folder / "mapserver.conf"

    @property
    def map(self) -> Path:
        """The map file."""
        return self.folder / "forest.map"

    @property
    def features(self) -> Path:
        """The map file of WFS 1.1.0."""
        return self.folder / "features.map"

    @property
    def fonts(self) -> Path:
        """The list of fonts."""
        return self.folder / "fonts.txt"


def installed() -> MapServerFiles:
    """Return the files of this installation."""
    return MapServerFiles(settings.BASE_DIR / "var" / "mapserver")


def write_files(files: MapServerFiles) -> None:
    """Write map file, font list and configuration, each whole or not at all."""
    files.folder.mkdir(parents=True, exist_ok=True)
    service = mapfile.MapService(
        TITLE, ABSTRACT, str(files.fonts), str(Path(settings.FORESTGIS_FILES).resolve())
    )
    _replace(files.fonts, mapfile.fontset(FONT))
    _replace(files.map, mapfile.map_file(service, LAYERS))
    _replace(files.features, wfsmap.wfs_map_file(TITLE, ABSTRACT, LAYERS))
    named = {wfsmap.NAME: str(files.features)}
    _replace(files.config, mapfile.config_file(str(files.map), named))


def draw(request: HttpRequest, admitted: WmsRequest, **replaced: str) -> fcgi.Response:
    """Send a request that passed the gate, some parameters replaced; each layer by the parts that draw it.

    Raises
    ------
    MapServerError
        If the map server does not answer.
    """
    parts = drawn_by_parts({**admitted.params, **replaced}, PARTS)
    return ask(request, admitted.query(**{**replaced, **parts}))


def ask(request: HttpRequest, query: str) -> fcgi.Response:
    """Send a checked query to the map server under the principal of the request.

    Raises
    ------
    MapServerError
        If it does not answer.
    """
    return fcgi.call(socket_path(), _variables(request, query))


def socket_path() -> str:
    """Return the socket of the running map server."""
    return str(
        getattr(settings, "MAPSERV_SOCKET", settings.BASE_DIR / "var" / "run" / "mapserv.sock")
    )


def _variables(request: HttpRequest, query: str) -> dict[str, str]:
    host, _, port = request.get_host().rpartition(":")
    if not host or port.endswith("]"):
        host, port = request.get_host(), "443" if request.is_secure() else "80"
    return {
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SCRIPT_NAME": request.path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        **({"HTTPS": "on"} if request.is_secure() else {}),
        **_database_variables(),
    }


def _database_variables() -> dict[str, str]:
    """Return libpq's variables: the reader's role, and the signed principal as a setting of the session."""
    database = connections[map_alias()].settings_dict
    signed = token.sign(reader())
    return {
        "PGHOST": str(database["HOST"]),
        "PGPORT": str(database["PORT"]),
        "PGDATABASE": str(database["NAME"]),
        "PGUSER": str(database["USER"]),
        "PGPASSWORD": str(database["PASSWORD"]),
        "PGOPTIONS": "-c forestgis.principal=" + signed.replace("\\", "\\\\").replace(" ", "\\ "),
    }


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
