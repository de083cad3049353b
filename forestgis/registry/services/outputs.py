"""Large exports as jobs: asked for, written to a file that stays for a week, found again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation

from forestgis.accounts.models import User
from forestgis.jobs import services as jobs
from forestgis.jobs.models import Job
from forestgis.registry.domain.search import Criteria, Sort
from forestgis.tenancy.principal import current

EXPORT = "registry.export"
#: 団体コード of the prefecture, whose jobs are no municipality's.
PREFECTURE_CODE = "01000"
KEPT_S = 7 * 24 * 3600

Writer = Callable[[Path, Criteria, Sort, str], int]


def ask(criteria: Criteria, sort: Sort, kind: str, user: User, language: str) -> Job:
    """Ask for a file of what is found, in the language of who asks."""
    codes = (criteria.municipality,) if criteria.municipality else current().codes
    values = {
        name: str(value) for name, value in asdict(criteria).items() if value not in (None, "")
    }
    return jobs.enqueue(
        EXPORT,
        municipality_code=codes[0] if len(codes) == 1 else PREFECTURE_CODE,
        params={"criteria": values, "sort": sort, "kind": kind, "language": language},
        requested_by=user,
    )


def write(job_id: str, params: dict[str, object], writer: Writer) -> int:
    """Write the file of a job; it has its name only when it is whole."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder)
    unfinished = folder / f"{job_id}.part"
    with translation.override(str(params["language"])):
        count = writer(unfinished, _criteria(params["criteria"]), params["sort"], params["kind"])  # type: ignore[arg-type] # of JSON
    unfinished.replace(folder / job_id)
    return count


def file_of(job: Job) -> Path | None:
    """Return the file of a finished job, None if there is none (any more)."""
    path = _folder() / str(job.pk)
    return path if job.state == Job.State.SUCCEEDED and path.is_file() else None


def _criteria(values: object) -> Criteria:
    """Read criteria back from text."""
    kinds = {field.name: str(field.type) for field in fields(Criteria)}
    assert isinstance(values, dict)
    return Criteria(**{name: _value(kinds[name], text) for name, text in values.items()})


def _value(kind: str, text: str) -> Any:  # noqa: ANN401
    if kind.startswith("int"):
        return int(text)
    if kind.startswith("Decimal"):
        return Decimal(text)
    return text == "True" if kind == "bool" else text


def _folder() -> Path:
    return Path(settings.FORESTGIS_FILES) / "register-exports"


def _forget_old(folder: Path) -> None:
    for file in folder.iterdir():
        if time.time() - file.stat().st_mtime > KEPT_S:
            file.unlink(missing_ok=True)
