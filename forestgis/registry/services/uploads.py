"""Registers that people bring: received, checked by a job, stored on their word by another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from forestgis.accounts.models import User
from forestgis.jobs.services import enqueue
from forestgis.registry.domain.faults import Fault
from forestgis.registry.domain.report import ImportReport
from forestgis.registry.models import ImportSource, RegisterImport
from forestgis.registry.services.imports import Terms, import_files
from forestgis.registry.services.staging import Progress
from forestgis.tenancy.principal import current

CHECK = "registry.check"
STORE = "registry.store"
State = RegisterImport.State


class UploadError(Exception):
    """The import cannot be gone on with; nothing was changed. Its text is for the user."""

    code = "register_import"


def receive(
    upload: RegisterImport, file: UploadedFile[Any], rows: UploadedFile[Any] | None
) -> RegisterImport:
    """Keep the files of an unsaved import and have them checked.

    Raises
    ------
    UploadError
        If the acting principal may not write for the municipality.
    """
    _check_may_write(upload)
    with transaction.atomic():
        upload.name = Path(file.name or "").name[:200]
        upload.created_by_id = current().user_id
        upload.file.save(upload.name, file, save=False)
        if rows is not None:
            upload.rows_name = Path(rows.name or "").name[:200]
            upload.rows_file.save(upload.rows_name, rows, save=False)
        upload.sha256 = _sha256(upload)
        _ask(upload, CHECK)
        upload.save(force_insert=True)
    return upload


def remap(upload: RegisterImport, mapping: dict[str, str], save_as: str = "") -> None:
    """Have the files checked again with other columns, and keep the mapping under a name if one is given.

    Raises
    ------
    UploadError
    """
    _check_may_write(upload)
    if upload.state == State.STORED or not upload.file:
        raise UploadError(_("もう取り込んだファイルです。"))
    with transaction.atomic():
        if save_as:
            ImportSource.objects.update_or_create(
                municipality_id=upload.municipality_id,
                name=save_as,
                defaults={"mapping": mapping},
            )
        upload.mapping, upload.state = mapping, State.CHECKING
        _ask(upload, CHECK)
        upload.save(update_fields=["mapping", "state", "job"])


def confirm(upload: RegisterImport, *, use: bool) -> None:
    """Have a checked register stored.

    Raises
    ------
    UploadError
        If it is not checked, or has faults that refuse.
    """
    _check_may_write(upload)
    if upload.state != State.CHECKED:
        raise UploadError(_("検査に通ったものだけを取り込めます。"))
    with transaction.atomic():
        upload.use = use
        _ask(upload, STORE)
        upload.save(update_fields=["use", "job"])


def discard(upload: RegisterImport) -> None:
    """Forget an import that was not stored, and its files.

    Raises
    ------
    UploadError
    """
    _check_may_write(upload)
    with transaction.atomic():
        _forget_files(upload)
        upload.delete()


def check(upload_id: UUID, on_progress: Progress) -> RegisterImport:
    """Look through the files and keep the report. The job of `receive`."""
    upload = RegisterImport.objects.select_related("municipality").get(pk=upload_id)
    report = _read(upload, on_progress, dry_run=True)
    upload.report = report.to_dict()
    upload.state = State.CHECKED if report.acceptable else State.REFUSED
    upload.save(update_fields=["report", "state"])
    return upload


def store(upload_id: UUID, on_progress: Progress) -> RegisterImport:
    """Store a checked register. The job of `confirm`; done again after its end, it changes nothing.

    Raises
    ------
    UploadError
        If the files are not the ones that were checked.
    """
    with transaction.atomic():
        upload = (
            RegisterImport.objects.select_for_update(of=("self",))
            .select_related("municipality")
            .get(pk=upload_id)
        )
        if upload.state == State.STORED:
            return upload
        if _sha256(upload) != upload.sha256:
            raise UploadError(_("ファイルが検査したときと違います。もう一度選んでください。"))
        report = _read(upload, on_progress, dry_run=False)
        upload.report = report.to_dict()
        upload.state = State.STORED if report.stored else State.REFUSED
        upload.save(update_fields=["report", "state"])
        if report.stored:
            # They may hold columns about persons, which the register does not.
            _forget_files(upload)
            upload.save(update_fields=["file", "rows_file"])
    return upload


def _read(upload: RegisterImport, on_progress: Progress, *, dry_run: bool) -> ImportReport:
    report = import_files(
        municipality=upload.municipality,
        edition=upload.year,
        path=Path(upload.file.path),
        rows=Path(upload.rows_file.path) if upload.rows_file else None,
        source_name=upload.name,
        terms=Terms(
            epsg=upload.epsg,
            mapping=upload.mapping,
            dry_run=dry_run,
            use=upload.use,
            on_progress=on_progress,
        ),
    )
    report.faults = [_as_brought(upload, fault) for fault in report.faults]
    return report


def _as_brought(upload: RegisterImport, fault: Fault) -> Fault:
    """Name the file as the user does, not as it is kept here."""
    kept = {
        Path(str(file.name)).name: name
        for file, name in ((upload.file, upload.name), (upload.rows_file, upload.rows_name))
    }
    return replace(fault, file=kept.get(fault.file, fault.file))


def _check_may_write(upload: RegisterImport) -> None:
    if not current().may_write_for(upload.municipality_id):
        raise UploadError(_("この市町村の森林簿を変更する権限がありません。"))


def _ask(upload: RegisterImport, kind: str) -> None:
    upload.job = enqueue(
        kind,
        municipality_code=upload.municipality_id,
        params={"import": str(upload.pk)},
        requested_by=User.objects.filter(pk__in=[current().user_id]).first(),
    )


def _sha256(upload: RegisterImport) -> str:
    digest = hashlib.sha256()
    for file in _files(upload):
        with file.open("rb") as stream:
            for chunk in stream.chunks():
                digest.update(chunk)
    return digest.hexdigest()


def _files(upload: RegisterImport) -> list[FieldFile]:
    return [file for file in (upload.file, upload.rows_file) if file]


def _forget_files(upload: RegisterImport) -> None:
    """Take the files away once the transaction is sure; until then the import could still be undone."""
    for file in _files(upload):
        transaction.on_commit(_deletion(file.storage.delete, str(file.name)))
    upload.file = upload.rows_file = ""


def _deletion(delete: Callable[[str], None], name: str) -> Callable[[], None]:
    return lambda: delete(name)
