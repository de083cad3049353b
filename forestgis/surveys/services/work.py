"""What the worker does for a run: compute, store, publish; each step finds what the last one left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from forestgis.surveys.errors import SurveyError
from forestgis.surveys.models import Publication, Run
from forestgis.surveys.services.compute import OnProgress, compute
from forestgis.surveys.services.publication import publish
from forestgis.surveys.services.results import store_result

_log = logging.getLogger(__name__)


def carry_out(
    params: Mapping[str, Any],
    *,
    workers: int = 2,
    on_progress: OnProgress | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Carry out the job of a run on behalf of the acting principal.

    A worker that was killed is followed by another one that does the same
    again: tiles already computed are taken up, rows already stored are
    replaced by equal ones.

    Parameters
    ----------
    params : mapping
        run (id), sharing (level or None), shared_with (codes).
    workers : int
        Child processes of the engine.
    on_progress : callable (done, total, stage, message), optional
    should_cancel : callable returning bool, optional

    Returns
    -------
    dict
        zones, calibrated, and `not_published` with the reason where the
        computed run could not be published.
    """
    run = _begin(UUID(params["run"]))
    if run.state != Run.State.SUCCEEDED:
        result = compute(run, workers=workers, on_progress=on_progress, should_cancel=should_cancel)
        store_result(run, result)
    return _outcome(run.pk) | _published(run, params)


def settle(run_id: UUID, state: str) -> None:
    """Note that a run failed or was cancelled; its rows, if it has any, stay as they are."""
    with transaction.atomic():
        Run.objects.filter(pk=run_id).exclude(state=Run.State.SUCCEEDED).update(
            state=state, finished_at=timezone.now()
        )


def _begin(run_id: UUID) -> Run:
    with transaction.atomic():
        Run.objects.filter(pk=run_id).exclude(state=Run.State.SUCCEEDED).update(
            state=Run.State.RUNNING
        )
        return Run.objects.get(pk=run_id)


def _outcome(run_id: UUID) -> dict[str, Any]:
    with transaction.atomic():
        run = Run.objects.get(pk=run_id)
        return {"zones": run.summary["zones"], "calibrated": run.calibrated}


def _published(run: Run, params: Mapping[str, Any]) -> dict[str, Any]:
    """Publish as asked for; what stands against it is told, and the result stays stored."""
    if not params.get("sharing"):
        return {}
    try:
        with transaction.atomic():
            # A worker killed after publishing has nothing left to do.
            if not Publication.objects.filter(run=run).exists():
                publish(run, params["sharing"], params.get("shared_with", ()))
    except SurveyError as error:
        _log.warning("run %s computed but not published: %s", run.pk, error)
        return {"not_published": str(error)}
    return {}
