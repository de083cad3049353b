"""The kind of job that carries out a run."""

from __future__ import annotations

from uuid import UUID

from forestgis.jobs.context import JobContext
from forestgis.jobs.errors import JobLostError
from forestgis.jobs.registry import Result, handler
from forestgis.surveys.models import Run

RUN = "surveys.run"


@handler(RUN)
def carry_out_run(context: JobContext) -> Result:
    """Compute, store and publish a run; see `forestgis.surveys.services.work`."""
    # Here, not above: the engine's libraries take seconds to load, and only workers need them.
    from forestgis.surveys.services import work

    try:
        return work.carry_out(
            context.params,
            # Without the engine's message: it names files and folders of the server.
            on_progress=lambda done, total, stage, _message: context.progress(done, total, stage),
            should_cancel=context.should_stop,
        )
    except JobLostError:
        raise
    except Exception:
        work.settle(UUID(context.params["run"]), _state_after(context))
        raise


def _state_after(context: JobContext) -> Run.State:
    """State of a run whose job did not come to its end; one stopped with its worker waits again."""
    if context.cancel_requested:
        return Run.State.CANCELLED
    return Run.State.QUEUED if context.told_to_stop else Run.State.FAILED
