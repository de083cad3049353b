"""Features written one at a time (OGC API - Features, Part 4), by the services of their app.

A change may name the state that it is about in If-Match. QGIS does not; a change without it is refused if another
person has changed the feature within the last minutes, so that two who draw at the same time do not overwrite each
other unawares.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from forestgis.audit.selectors import history_of
from forestgis.maps.editors import EDITORS, Editor
from forestgis.maps.features import feature_text
from forestgis.maps.ogcapi import links
from forestgis.maps.ogcapi.bodies import SentFeature, sent_feature
from forestgis.maps.ogcapi.items import etag, feature_not_found
from forestgis.maps.ogcapi.parameters import check_known
from forestgis.maps.ogcapi.problems import ProblemError
from forestgis.tenancy.principal import current
from tiles.features.rows import members_of
from tiles.layer import Layer
from tiles.ogc.crs import CRS84

UNAWARES = dt.timedelta(minutes=10)
"""How long after a change by another person one without If-Match is refused."""


def editor_of(layer: Layer) -> Editor | None:
    """Return how the acting principal may write a layer; None if not at all."""
    return EDITORS.get(layer.name) if layer.writable and current().can_write else None


def create(request: HttpRequest, layer: Layer) -> HttpResponse:
    """Store a new feature.

    Raises
    ------
    ProblemError, PermissionDenied
        If it may not be stored as it is.
    """
    editor = _editor(request, layer)
    sent = sent_feature(request, layer)
    values = {name: sent.properties.get(name) for name in layer.writable}
    with _refusals_named():
        key = editor.create(values, sent.geometry)
    response = HttpResponse(status=201)
    response["Location"] = links.address(request, "item", layer.name, key)
    response["ETag"] = etag(_state(layer, key))
    return response


def replace(request: HttpRequest, layer: Layer, key: int) -> HttpResponse:
    """Put what was sent in the place of a feature; writable fields that are missing become empty."""
    return _change(request, layer, key, whole=True)


def update(request: HttpRequest, layer: Layer, key: int) -> HttpResponse:
    """Change what was sent of a feature."""
    return _change(request, layer, key, whole=False)


def _change(request: HttpRequest, layer: Layer, key: int, *, whole: bool) -> HttpResponse:
    editor = _editor(request, layer)
    sent = sent_feature(request, layer)
    _check_state(request, layer, editor, key)
    values = _values(layer, key, sent, whole=whole)
    with _refusals_named(), _missing_named(editor, key):
        editor.change(key, values, sent.geometry)
    response = HttpResponse(status=204)
    response["ETag"] = etag(_state(layer, key))
    return response


def delete(request: HttpRequest, layer: Layer, key: int) -> HttpResponse:
    """Delete a feature."""
    editor = _editor(request, layer)
    _check_state(request, layer, editor, key)
    with _missing_named(editor, key):
        editor.delete(key)
    return HttpResponse(status=204)


def _editor(request: HttpRequest, layer: Layer) -> Editor:
    check_known(request.GET, ())
    editor = editor_of(layer)
    if editor is None:
        raise PermissionDenied(_("このレイヤを書き換える権限がありません。"))
    return editor


def _state(layer: Layer, key: int) -> str:
    """Return the feature as it reads now, inside the transaction of the request."""
    text = feature_text(layer, key, CRS84, list(members_of(layer)), using="default")
    if text is None:
        raise feature_not_found(key)
    return text


def _check_state(request: HttpRequest, layer: Layer, editor: Editor, key: int) -> None:
    """Refuse a change of another state than the client knows, or made unawares of another person's."""
    known, state = request.headers.get("If-Match"), etag(_state(layer, key))
    if known is None:
        _check_unawares(editor, key)
    elif known.strip() != "*" and state not in [tag.strip() for tag in known.split(",")]:
        raise ProblemError(
            412, _("この地物は、読まれたあとに変更されています。読み直してください。"), etag=state
        )


def _check_unawares(editor: Editor, key: int) -> None:
    latest = next(iter(history_of(editor.table, key)), None)
    if latest is None or latest.user_id in (None, current().user_id):
        return
    if latest.at > timezone.now() - UNAWARES:
        raise ProblemError(
            428,
            _("%(who)sが%(when)sに変更しています。読み直し、If-Match をつけて送ってください。")
            % {
                "who": latest.actor or _("ほかの利用者"),
                "when": f"{timezone.localtime(latest.at):%H:%M}",
            },
        )


def _values(layer: Layer, key: int, sent: SentFeature, *, whole: bool) -> Mapping[str, object]:
    """Return what to write. Fields that are read only may be sent as they are, which QGIS does."""
    given = dict(sent.properties)
    read_only = {name: given.pop(name) for name in list(given) if name not in layer.writable}
    if read_only:
        _check_unchanged(layer, key, read_only)
    return {name: given.get(name) for name in layer.writable} if whole else given


def _check_unchanged(layer: Layer, key: int, sent: Mapping[str, object]) -> None:
    now = json.loads(_state(layer, key))["properties"]
    for name, value in sent.items():
        if value != now[name]:
            raise ProblemError(
                400, _("項目 %(name)s は書き換えられません。") % {"name": name}, field=name
            )


@contextmanager
def _refusals_named() -> Iterator[None]:
    """Turn what a service refuses into a problem that names each field."""
    try:
        with transaction.atomic():
            yield
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            named = {name: " ".join(found) for name, found in error.message_dict.items()}
        else:
            named = {"": " ".join(error.messages)}
        detail = " ".join(f"{name}: {text}" if name else text for name, text in named.items())
        raise ProblemError(422, detail, fields=named) from error


@contextmanager
def _missing_named(editor: Editor, key: int) -> Iterator[None]:
    try:
        yield
    except editor.missing as error:
        raise feature_not_found(key) from error
