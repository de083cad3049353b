"""The course of a felling notice: received, examined, answered, reported on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from forestgis.notices.access import check_may_handle, check_may_write
from forestgis.notices.areas import Outline, hectares, stand_parts
from forestgis.notices.domain import media
from forestgis.notices.errors import (
    BadAttachmentError,
    NotConformingError,
    OrderError,
    WrongStateError,
)
from forestgis.notices.models import (
    Attachment,
    FellingNotice,
    NoticeParty,
    Treatment,
)
from forestgis.registry.geometry import to_geos
from forestgis.tenancy.principal import current
from forestgis.web.domain.years import fiscal_year_of

State, Letter, Method = FellingNotice.State, FellingNotice.Letter, FellingNotice.Method
_MEGABYTE = 2**20
_TREATMENTS = {
    Method.CLEAR: Treatment.Kind.CLEAR,
    Method.SELECTIVE: Treatment.Kind.SELECTIVE,
    Method.THINNING: Treatment.Kind.THINNING,
}


def receive(
    notice: FellingNotice, parties: Iterable[NoticeParty], outline: Outline
) -> FellingNotice:
    """Store a notice with its persons and its area.

    Faults of the notice do not stop it: a paper that was handed in is received, and what is
    wrong with it is for the examination (`forestgis.notices.selectors.findings_of`).

    Raises
    ------
    NotYoursError, NoPersonsError
    """
    check_may_handle(notice.municipality_id)
    with transaction.atomic():
        _put_area(notice, outline)
        notice.save(force_insert=True)
        for party in parties:
            party.notice = notice
            party.municipality = notice.municipality
            party.save(force_insert=True)
    return notice


def _put_area(row: FellingNotice | Treatment, outline: Outline) -> None:
    """Give a row its area, and the 小班 that were named or else lie under it."""
    row.geom = None if outline.geom is None else to_geos(outline.geom)
    parts = () if outline.keycodes else stand_parts(row.municipality, outline.geom)
    row.keycodes = list(outline.keycodes) or [part.keycode for part in parts]


def attach(notice: FellingNotice, kind: str, file: UploadedFile[Any]) -> Attachment:
    """Keep a paper of a notice.

    Raises
    ------
    NotYoursError, NoPersonsError
    BadAttachmentError
        If it is too large, of no kind that is taken, or of another kind than its name says.
    """
    check_may_handle(notice.municipality_id)
    name = PurePath(file.name or "").name[:200]
    if (file.size or 0) > media.LIMIT_MB * _MEGABYTE:
        reason = _("%(limit)s MBより大きい") % {"limit": media.LIMIT_MB}
        raise BadAttachmentError(name=name, reason=reason)
    content = file.read()
    attachment = Attachment(
        notice=notice,
        municipality_id=notice.municipality_id,
        kind=Attachment.Kind(kind),
        name=name,
        media_type=_media_type(name, content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_by_id=current().user_id,
    )
    with transaction.atomic():
        attachment.file.save(name, ContentFile(content), save=False)
        attachment.save(force_insert=True)
    return attachment


def _media_type(name: str, content: bytes) -> str:
    try:
        return media.checked(name, content).type
    except media.OtherMediaError as error:
        reason = _("名前と中身の種類が違います（中身は%(kind)s）") % {"kind": error}
        raise BadAttachmentError(name=name, reason=reason) from error
    except media.UnknownMediaError as error:
        reason = _("PDF、画像（PNG・JPEG・TIFF）、マクロのないWord・Excelだけを受け付けます")
        raise BadAttachmentError(name=name, reason=reason) from error


def remove_attachment(attachment: Attachment) -> None:
    """Remove a paper that was added by mistake; the trail keeps that it was there.

    Raises
    ------
    NotYoursError, NoPersonsError
    """
    check_may_handle(attachment.municipality_id)
    storage, name = attachment.file.storage, attachment.file.name
    with transaction.atomic():
        attachment.delete()
        transaction.on_commit(lambda: storage.delete(name or ""))


def examine(notice: FellingNotice, *, conforms: bool, note: str) -> FellingNotice:
    """Note the outcome of the examination against the 市町村森林整備計画.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError
    """
    return _step(
        notice,
        {State.RECEIVED, State.EXAMINED},
        state=State.EXAMINED,
        conforms=conforms,
        examined_on=timezone.localdate(),
        decision_note=note,
    )


def write_letter(notice: FellingNotice, letter: str, number: str, on: date) -> FellingNotice:
    """Note which letter went out, under which number; it can be printed from then on.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError
    NotConformingError
        A 適合通知書 for a notice that does not conform.
    OrderError
        If the letter is older than the examination.
    """
    if letter == Letter.CONFORMITY and not notice.conforms:
        raise NotConformingError
    if notice.examined_on and on < notice.examined_on:
        raise OrderError(first=notice.examined_on, second=on)
    after_examination = {State.EXAMINED, State.FELLED, State.DONE}
    return _step(notice, after_examination, letter=letter, letter_number=number, letter_on=on)


def report_felling(notice: FellingNotice, felled_on: date, reported_on: date) -> FellingNotice:
    """Note the report on the felling (伐採に係る森林の状況報告) and write it into the treatment history.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError, OrderError
    """
    _check_order(notice.starts_on, felled_on, reported_on)
    with transaction.atomic():
        done = not notice.regeneration_ha
        step = _step(
            notice,
            {State.EXAMINED},
            state=State.DONE if done else State.FELLED,
            felled_on=felled_on,
            felling_reported_on=reported_on,
        )
        kind = _TREATMENTS[Method(step.method)]
        _record(step, kind, felled_on, area_ha=step.area_ha, species=step.species)
    return step


def report_planting(notice: FellingNotice, planted_on: date, reported_on: date) -> FellingNotice:
    """Note the report on what grows after the felling, and write it into the treatment history.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError, OrderError
    """
    _check_order(notice.felled_on or notice.starts_on, planted_on, reported_on)
    with transaction.atomic():
        step = _step(
            notice,
            {State.FELLED},
            state=State.DONE,
            planted_on=planted_on,
            planting_reported_on=reported_on,
        )
        planted, natural = step.planting_ha + step.seeding_ha, step.sprout_ha + step.natural_ha
        for kind, area in ((Treatment.Kind.PLANTING, planted), (Treatment.Kind.NATURAL, natural)):
            if area:
                _record(step, kind, planted_on, area_ha=area, species=step.regeneration_species)
    return step


def withdraw(notice: FellingNotice) -> FellingNotice:
    """Note that a notice was taken back before the felling.

    Raises
    ------
    NotYoursError, NoPersonsError, WrongStateError
    """
    return _step(notice, {State.RECEIVED, State.EXAMINED}, state=State.WITHDRAWN)


def _check_order(*days: date) -> None:
    for first, second in pairwise(days):
        if second < first:
            raise OrderError(first=first, second=second)


def _step(notice: FellingNotice, allowed: Iterable[str], **values: Any) -> FellingNotice:  # noqa: ANN401
    """Lock the notice, see that the step may follow, and take it."""
    check_may_handle(notice.municipality_id)
    with transaction.atomic():
        locked = FellingNotice.objects.select_for_update().get(pk=notice.pk)
        if locked.state not in allowed:
            raise WrongStateError(state=locked.get_state_display())
        for name, value in values.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(values))
    return locked


def _record(notice: FellingNotice, kind: str, done_on: date, **values: Any) -> None:  # noqa: ANN401
    Treatment.objects.create(
        municipality_id=notice.municipality_id,
        kind=kind,
        fiscal_year=fiscal_year_of(done_on),
        done_on=done_on,
        geom=notice.geom,
        keycodes=notice.keycodes,
        notice=notice,
        **values,
    )


def add_treatment(treatment: Treatment, outline: Outline) -> Treatment:
    """Write a treatment into the history; its area is that of the outline where none is stated.

    Raises
    ------
    NotYoursError
    """
    check_may_write(treatment.municipality_id)
    _put_area(treatment, outline)
    if not treatment.area_ha:
        treatment.area_ha = hectares(outline.geom, treatment.municipality) or treatment.area_ha
    treatment.save(force_insert=True)
    return treatment
