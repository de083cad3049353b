"""Raster products as files: a Cloud Optimized GeoTIFF, whole or in the parts that a program asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from forestgis.maps import selectors
from forestgis.maps.access import map_alias

COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_CHUNK = 1 << 18


@require_safe
def download(request: HttpRequest, key: int) -> HttpResponseBase:
    """Send a product that the reader may see; of a single range that range (RFC 9110, section 14)."""
    alias = map_alias()
    with transaction.atomic(using=alias):
        file = selectors.product_file(key, using=alias)
    if file is None:
        raise Http404(f"no product {key}")
    size = file.stat().st_size
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    response = _part(file, size, *found.groups()) if found and any(found.groups()) else _whole(file)
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _whole(file: Path) -> HttpResponseBase:
    return FileResponse(file.open("rb"), content_type=COG_TYPE, filename=file.name)


def _part(file: Path, size: int, first: str, last: str) -> HttpResponseBase:
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        response: HttpResponseBase = HttpResponse(status=416)
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    response = StreamingHttpResponse(_bytes(file, start, end), status=206, content_type=COG_TYPE)
    response.headers["Content-Length"] = str(end - start + 1)
    response.headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


def _bytes(file: Path, start: int, end: int) -> Iterator[bytes]:
    left = end - start + 1
    with file.open("rb") as stream:
        stream.seek(start)
        while left and (chunk := stream.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
