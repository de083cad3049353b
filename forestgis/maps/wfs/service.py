"""WFS 2.0.0: django-gisserver's protocol over our feature types, operations and streams."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from gisserver.exceptions import ExternalParsingError, OperationParsingFailed
from gisserver.features import FeatureType, ServiceDescription
from gisserver.views import WFSView

from forestgis.maps.access import readable_layers
from forestgis.maps.mapserver import ABSTRACT, TITLE
from forestgis.maps.wfs import (
    gml_input,  # noqa: F401 (registers what it parses)
    old,
)
from forestgis.maps.wfs.feature_types import FEATURE_TYPES
from forestgis.maps.wfs.operations import OPERATIONS
from tiles.errors import OgcError
from tiles.features.rows import NAMESPACE, PREFIX
from tiles.ogc import wfs11, xmllimits

MAX_POST_BYTES = 1_000_000


# It only reads: a page elsewhere could send a request in a reader's name, but would not see the answer.
@method_decorator(csrf_exempt, name="dispatch")
class CatalogueWfs(WFSView):  # type: ignore[misc]
    """The service; each reader sees the feature types that are theirs."""

    xml_namespace = NAMESPACE
    xml_namespace_aliases: ClassVar = {PREFIX: NAMESPACE}
    service_description = ServiceDescription(
        title=TITLE,
        abstract=ABSTRACT,
        provider_name=TITLE,
        provider_site=settings.FORESTGIS_ADDRESS,
        contact_person="管理者 (administrator)",
    )
    use_html_templates = False
    max_page_size = 10_000
    accept_operations: ClassVar[dict[str, dict[str, Any]]] = {
        "WFS": {**WFSView.accept_operations["WFS"], **OPERATIONS}
    }

    def get_feature_types(self) -> list[FeatureType]:
        """Return the feature types of the reader's layers."""
        return [FEATURE_TYPES[name] for name in readable_layers() if name in FEATURE_TYPES]

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Refuse what no client needs before anything is parsed: huge bodies, document types, deep filters."""
        if int(request.headers.get("Content-Length") or 0) > MAX_POST_BYTES:
            raise OperationParsingFailed(f"A request has at most {MAX_POST_BYTES} bytes")
        _check_xml(request.body)
        response: HttpResponseBase = super().post(request, *args, **kwargs)
        return response

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer, by the map server what is asked for in WFS 1.1.0."""
        given = wfs11.upper_names((name, str(value)) for name, value in request.GET.items())
        if wfs11.asked_for(given):
            return old.answer(request, given)
        _check_xml(given.get("FILTER", "").encode())
        response: HttpResponseBase = super().get(request, *args, **kwargs)
        return response

    def handle_exception(self, exc: Exception) -> HttpResponseBase | None:
        """Answer what cannot be parsed as the client's fault, with the standard's exception."""
        if isinstance(exc, ExternalParsingError | GDALException | GEOSException):
            exc = OperationParsingFailed(str(exc))
        answer: HttpResponseBase | None = super().handle_exception(exc)
        return answer


def _check_xml(document: bytes) -> None:
    try:
        xmllimits.check(document)
    except OgcError as error:
        raise OperationParsingFailed(str(error), locator=error.locator) from error


wfs = CatalogueWfs.as_view()
