"""Files that people bring: received, checked by a job, stored on their word by another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from forestgis.accounts.models import User
from forestgis.jobs.models import Job
from forestgis.jobs.services import enqueue
from forestgis.parcels.access import check_may_handle, check_may_write
from forestgis.parcels.domain.report import LedgerReport
from forestgis.parcels.errors import FileChangedError, NotCheckedError
from forestgis.parcels.models import LedgerImport
from forestgis.parcels.services.ledger import import_ledger, import_owners
from forestgis.parcels.services.maps import import_map
from forestgis.parcels.services.overlay import relate
from forestgis.registry.edition_selectors import current_year
from forestgis.registry.models import Municipality
from forestgis.tenancy.principal import current

CHECK = "parcels.check"
STORE = "parcels.store"
RELATE = "parcels.relate"
Kind, State = LedgerImport.Kind, LedgerImport.State
_READERS: dict[str, Callable[..., LedgerReport]] = {
    Kind.MAP: import_map,
    Kind.LEDGER: import_ledger,
    Kind.OWNERS: import_owners,
}


def receive(municipality: Municipality, kind: str, file: UploadedFile[Any]) -> LedgerImport:
    """Keep a file under a name of ours and have it checked.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_handle(municipality.pk)
    user_id = current().user_id
    with transaction.atomic():
        upload = LedgerImport(
            municipality=municipality,
            kind=Kind(kind),
            name=Path(file.name or "").name[:200],
            sha256=_sha256(file),
            created_by_id=user_id,
        )
        upload.file.save(upload.name, file, save=False)
        _ask(upload, CHECK)
        upload.save(force_insert=True)
    return upload


def confirm(upload: LedgerImport) -> None:
    """Have a checked file stored.

    Raises
    ------
    NotYoursError, NotCheckedError
    """
    check_may_handle(upload.municipality_id)
    with transaction.atomic():
        if upload.state != State.CHECKED:
            raise NotCheckedError(state=upload.get_state_display())
        _ask(upload, STORE)
        upload.save(update_fields=["job"])


def discard(upload: LedgerImport) -> None:
    """Forget an import and its file.

    Raises
    ------
    NotYoursError
    """
    check_may_handle(upload.municipality_id)
    with transaction.atomic():
        _forget_file(upload)
        upload.delete()


def check(upload_id: UUID) -> LedgerImport:
    """Look through a file and keep the report. The job of `receive`."""
    upload = LedgerImport.objects.select_related("municipality").get(pk=upload_id)
    report = _read(upload, dry_run=True)
    upload.report = report.to_dict()
    upload.state = State.CHECKED if report.acceptable else State.REFUSED
    upload.save(update_fields=["report", "state"])
    return upload


def store(upload_id: UUID) -> LedgerImport:
    """Store a checked file and relate its lots to the current register. The job of `confirm`.

    Done again after its end, it changes nothing.

    Raises
    ------
    FileChangedError
        If the file is not the one that was checked.
    """
    with transaction.atomic():
        upload = (
            LedgerImport.objects.select_for_update(of=("self",))
            .select_related("municipality")
            .get(pk=upload_id)
        )
        if upload.state == State.STORED:
            return upload
        with upload.file.open() as file:
            if _sha256(file) != upload.sha256:
                raise FileChangedError
        report = _read(upload, dry_run=False)
        upload.report = report.to_dict()
        upload.state = State.STORED if report.stored else State.REFUSED
        if report.stored:
            _after_storing(upload)
        upload.save(update_fields=["report", "state", "file"])
    return upload


def ask_to_relate(municipality: Municipality) -> Job:
    """Have the lots of a municipality related to its current register.

    Raises
    ------
    NotYoursError
    """
    check_may_write(municipality.pk)
    return _enqueue(RELATE, municipality.pk, {"municipality": municipality.pk})


def relate_current(municipality_code: str) -> int:
    """Relate lots to the current register; return how many pairs overlap. The job of `ask_to_relate`."""
    year = current_year(municipality_code)
    municipality = Municipality.objects.get(pk=municipality_code)
    return 0 if year is None else relate(municipality, year)


def _after_storing(upload: LedgerImport) -> None:
    if upload.kind == Kind.MAP:
        relate_current(upload.municipality_id)
    # It holds persons' data that are in the ledger now.
    _forget_file(upload)


def _forget_file(upload: LedgerImport) -> None:
    storage, name = upload.file.storage, upload.file.name
    upload.file = ""
    if name:
        transaction.on_commit(lambda: storage.delete(name))


def _read(upload: LedgerImport, *, dry_run: bool) -> LedgerReport:
    reader = _READERS[upload.kind]
    return reader(upload.municipality, Path(upload.file.path), upload.name, dry_run=dry_run)


def _ask(upload: LedgerImport, job: str) -> None:
    upload.job = _enqueue(job, upload.municipality_id, {"import": str(upload.pk)})


def _enqueue(job: str, municipality_code: str, params: dict[str, str]) -> Job:
    user_id = current().user_id
    return enqueue(
        job,
        municipality_code=municipality_code,
        params=params,
        requested_by=None if user_id is None else User.objects.get(pk=user_id),
    )


def _sha256(file: object) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():  # type: ignore[attr-defined]  # both kinds of Django's files
        digest.update(chunk)
    return digest.hexdigest()
