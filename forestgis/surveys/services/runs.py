"""Runs: started by people, computed by the worker, stored and published in its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from forestgis.accounts.models import User
from forestgis.jobs.services import enqueue, request_cancel
from forestgis.surveys.access import check_may_write
from forestgis.surveys.errors import NotRunningError, UnknownParameterError
from forestgis.surveys.jobs import RUN
from forestgis.surveys.models import Batch, Run
from forestgis.surveys.services.publication import check_sharing
from forestgis.tenancy.principal import current

#: What a person may set of a run, with the type of each.
PARAMETERS: Mapping[str, type] = {
    "ground": str,
    "zone_grid_m": float,
    "tile_m": float,
    "scan_method": str,
}


def start_run(
    *,
    batch: Batch,
    params: Mapping[str, Any] | None = None,
    sharing: str | None = None,
    shared_with: Sequence[str] = (),
) -> Run:
    """Make a run of a batch and hand it to the worker, who acts on behalf of who asked.

    Parameters
    ----------
    batch : Batch
        Registered.
    params : mapping, optional
        Settings of `PARAMETERS`; the engine's own where left out.
    sharing, shared_with
        Publish at this level once computed.

    Raises
    ------
    NotYoursError, UnknownParameterError, UnknownSharingError
        Nothing is stored.
    """
    check_may_write(batch.municipality_id)
    if sharing is not None:
        check_sharing(sharing, shared_with)
    with transaction.atomic():
        user = _acting_user()
        run = Run(
            batch=batch,
            municipality_id=batch.municipality_id,
            params=_checked(params or {}) | _from_batch(batch),
            created_by=user,
        )
        run.job = enqueue(
            RUN,
            municipality_code=batch.municipality_id,
            params={"run": str(run.pk), "sharing": sharing, "shared_with": list(shared_with)},
            requested_by=user,
        )
        run.save(force_insert=True)
        return run


def cancel_run(run: Run) -> None:
    """Ask the worker to stop a run.

    Raises
    ------
    NotYoursError, NotRunningError
    """
    check_may_write(run.municipality_id)
    if run.job_id is None or not request_cancel(run.job_id):
        raise NotRunningError(state=run.current_state.label)


def _acting_user() -> User | None:
    """Find the person who asks; None for a command of the host."""
    user_id = current().user_id
    return None if user_id is None else User.objects.get(pk=user_id)


def _checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """Known settings of the right type."""
    for name, value in params.items():
        if name not in PARAMETERS:
            raise UnknownParameterError(name=name, known=", ".join(PARAMETERS))
        if not isinstance(value, PARAMETERS[name]):
            raise UnknownParameterError(name=f"{name}={value!r}", known=PARAMETERS[name].__name__)
    return dict(params)


def _from_batch(batch: Batch) -> dict[str, Any]:
    """Take the settings that the batch decides: what its files do not say themselves."""
    decided: dict[str, Any] = {}
    if batch.assumed_epsg:
        decided["epsg"] = batch.assumed_epsg
    if batch.captured_to:
        decided["scan_date"] = batch.captured_to.isoformat()
    return decided
