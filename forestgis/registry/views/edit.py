"""Changing the register: one record, many at once, taking a change back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from forestgis.registry import records
from forestgis.registry.edit_forms import AreaForm, ManyForm, StandForm
from forestgis.registry.errors import (
    ChangedMeanwhileError,
    ChangedSinceError,
    EditError,
    NotYoursError,
)
from forestgis.registry.records import FieldChange, Record
from forestgis.registry.selectors import CodeNames
from forestgis.registry.services import edits
from forestgis.registry.views.record import opened

MOST_AT_ONCE = 500


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, municipality: str, edition: int, keycode: str) -> HttpResponse:
    """Show the form of a record, or store what was entered."""
    record = opened(municipality, edition, keycode)
    _check_may_write(municipality)
    forms = _forms(record, request.POST if request.method == "POST" else None)
    status = 200
    conflict: list[FieldChange] = []
    if request.method == "POST" and all(form.is_valid() for form in forms):
        seen = request.POST.get("version", "")
        try:
            edits.edit((municipality, edition, keycode), seen, *_values(forms))
        except ChangedMeanwhileError:
            status, record = 409, opened(municipality, edition, keycode)
            conflict = list(_differences(forms, record))
        else:
            messages.success(request, _("保存しました。"))
            return redirect("registry:record", municipality, edition, keycode)
    context = {
        "sub": record.subcompartment,
        "area_form": forms[0],
        "stand_forms": forms[1:],
        "version": record.version if status == 409 else request.POST.get("version", record.version),
        "conflict": conflict,
        "is_conflict": status == 409,
        "latest": records.history(record)[:1] if status == 409 else [],
    }
    return render(request, "registry/record_edit.html", context, status=status)


def _forms(record: Record, data: Any) -> list[Any]:  # noqa: ANN401
    edition = record.subcompartment.edition
    return [
        AreaForm(data, instance=record.subcompartment, prefix="area"),
        *(
            StandForm(data, instance=stand, prefix=f"stand{stand.pk}", edition=edition)
            for stand in record.stands
        ),
    ]


def _values(forms: list[Any]) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    area, *stands = forms
    return area.cleaned_data, {form.instance.pk: form.cleaned_data for form in stands}


def _differences(forms: list[Any], now: Record) -> Iterator[FieldChange]:
    """Tell where what was entered differs from what is stored by now."""
    names = CodeNames(now.subcompartment.edition)
    stored = {stand.pk: stand for stand in now.stands}
    pairs: list[tuple[Any, Any, str]] = [(forms[0], now.subcompartment, "")]
    for form in forms[1:]:
        stand = stored.get(form.instance.pk)
        pairs.append((form, stand, _("第%(n)s層") % {"n": form.instance.storey}))
    for form, row, part in pairs:
        for name, entered in form.cleaned_data.items():
            theirs = getattr(row, name, None)
            if theirs != entered:
                yield FieldChange(
                    f"{part} {form.fields[name].label}".strip(),
                    records.written(name, theirs, names),
                    records.written(name, entered, names),
                )


@require_POST
def edit_many(request: HttpRequest) -> HttpResponse:
    """Ask what to change in the chosen 小班, show them, and change them when confirmed."""
    chosen = list(records.records(_chosen(request)))
    if not chosen:
        messages.warning(request, _("一覧で小班を選んでから、まとめて編集してください。"))
        return redirect(_back(request))
    for record in chosen:
        _check_may_write(record.subcompartment.municipality_id)
    confirmed = "confirm" in request.POST
    form = ManyForm(request.POST if confirmed else None, edition=chosen[0].subcompartment.edition)
    error = ""
    if confirmed and form.is_valid():
        try:
            changed = edits.edit_many(_versions(request, chosen), form.cleaned_data["cleaned"])
        except ChangedMeanwhileError as raised:
            error = str(raised)
        else:
            messages.success(request, _("%(n)s件を変更しました。") % {"n": changed})
            return redirect(_back(request))
    context = {"form": form, "chosen": chosen, "back": _back(request), "error": error}
    return render(request, "registry/edit_many.html", context, status=409 if error else 200)


def _chosen(request: HttpRequest) -> list[int]:
    keys = request.POST.getlist("chosen")
    if len(keys) > MOST_AT_ONCE or not all(key.isdecimal() for key in keys):
        raise BadRequest("not keys of 小班, or too many")
    return [int(key) for key in keys]


def _versions(request: HttpRequest, chosen: list[Record]) -> dict[int, str]:
    """Return the versions that were shown; what was not shown has none."""
    keys = [record.subcompartment.pk for record in chosen]
    return {key: request.POST.get(f"version{key}", "") for key in keys}


def _back(request: HttpRequest) -> str:
    """Return the search that the choice came from."""
    query = request.POST.get("query", "")
    return f"{reverse('registry:search')}?{query}" if query else reverse("registry:search")


@require_POST
def undo(request: HttpRequest, municipality: str, edition: int, keycode: str) -> HttpResponse:
    """Take back a change that the history of a record shows, with all that was changed together."""
    opened(municipality, edition, keycode)
    _check_may_write(municipality)
    try:
        rows = edits.undo(_transaction(request))
    except ChangedSinceError as error:
        messages.error(request, str(error))
    except EditError as error:
        raise BadRequest(str(error)) from error
    else:
        messages.success(request, _("元の値に戻しました（%(n)s件）。") % {"n": rows})
    return redirect("registry:record", municipality, edition, keycode)


def _transaction(request: HttpRequest) -> int:
    text = request.POST.get("transaction", "")
    if not text.isdecimal() or len(text) > 18:
        raise BadRequest("no change named")
    return int(text)


def _check_may_write(municipality_code: str) -> None:
    try:
        edits.check_may_write(municipality_code)
    except NotYoursError as error:
        raise PermissionDenied(str(error)) from error
