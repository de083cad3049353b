"""WFS 2.0.0: feature types made from the catalogue, served by django-gisserver under the reader's principal."""

from __future__ import annotations

import re
import tempfile
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from gisserver.crs import CRS, CRS84
from gisserver.exceptions import ExternalParsingError, OperationParsingFailed
from gisserver.features import FeatureField, FeatureType, ServiceDescription
from gisserver.geometries import WGS84BoundingBox
from gisserver.views import WFSView

from forestgis.maps import wfs_extensions
from forestgis.maps.access import layer_bounds, map_alias, readable_layers
from forestgis.maps.catalogue import LAYERS
from forestgis.maps.mapserver import ABSTRACT, TITLE
from forestgis.maps.models import FEATURES
from tiles.layer import Field, Layer
from tiles.ogc.crs import EPSG_CODES

NAMESPACE = "urn:forestgis:layers"
MAX_POST_BYTES = 1_000_000
_SPOOL_BYTES = 4_000_000


class CatalogueFeatureType(FeatureType):  # type: ignore[misc]
    """A feature type that is read as the map role of the reader, and whose extent is stated."""

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


def _feature_type(layer: Layer) -> CatalogueFeatureType:
    source, _ = layer.vector
    caution = f" {layer.caution.ja}" if layer.caution else ""
    return CatalogueFeatureType(
        FEATURES[layer.name].objects.order_by(),  # type: ignore[attr-defined]
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


FEATURE_TYPES = {layer.name: _feature_type(layer) for layer in LAYERS if not layer.is_raster}


# It only reads: a page elsewhere could send a request in a reader's name, but would not see the answer.
@method_decorator(csrf_exempt, name="dispatch")
class CatalogueWfs(WFSView):  # type: ignore[misc]
    """The service; each reader sees the feature types that are theirs."""

    xml_namespace = NAMESPACE
    xml_namespace_aliases: ClassVar = {"forest": NAMESPACE}
    service_description = ServiceDescription(
        title=TITLE,
        abstract=ABSTRACT,
        provider_name=TITLE,
        provider_site=settings.FORESTGIS_ADDRESS,
        contact_person="管理者 (administrator)",
    )
    use_html_templates = False
    max_page_size = 10_000
    accept_operations: ClassVar = {
        "WFS": {**WFSView.accept_operations["WFS"], **wfs_extensions.OPERATIONS}
    }

    def get_feature_types(self) -> list[FeatureType]:
        """Return the feature types of the reader's layers."""
        return [FEATURE_TYPES[name] for name in readable_layers() if name in FEATURE_TYPES]

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Refuse what no client needs before anything is parsed: huge bodies and document types."""
        if int(request.headers.get("Content-Length") or 0) > MAX_POST_BYTES:
            raise OperationParsingFailed(f"A request has at most {MAX_POST_BYTES} bytes")
        if re.search(rb"<!DOCTYPE|<!ENTITY", request.body, re.IGNORECASE):
            raise OperationParsingFailed("Document types are not accepted")
        response: HttpResponseBase = super().post(request, *args, **kwargs)
        return response

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer, with all rows read before the transaction that carries the principal ends."""
        with transaction.atomic(using=map_alias()):
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
            if isinstance(response, StreamingHttpResponse):
                response = _spooled(response)
        return response

    def handle_exception(self, exc: Exception) -> HttpResponseBase | None:
        """Answer what cannot be parsed as the client's fault, with the standard's exception."""
        if isinstance(exc, ExternalParsingError):
            exc = OperationParsingFailed(str(exc))
        answer: HttpResponseBase | None = super().handle_exception(exc)
        return answer


def _spooled(response: StreamingHttpResponse) -> HttpResponseBase:
    """Return the answer from a temporary file, in memory while it is small."""
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 (FileResponse closes it)
    for chunk in response:
        spool.write(chunk)
    spool.seek(0)
    held = FileResponse(spool, content_type=response["Content-Type"])
    if disposition := response.get("Content-Disposition"):
        held["Content-Disposition"] = disposition
    return held


wfs = CatalogueWfs.as_view()
