"""Background work: enqueue, progress, cancellation, results.

An app declares what can be done in its module ``handlers``::

    from forestgis import jobs

    @jobs.handler("surveys.run")
    def run(job: jobs.JobContext) -> dict[str, object]:
        ...

and asks for it, inside its transaction, with `forestgis.jobs.services.enqueue`.
"""

from forestgis.jobs.context import JobContext
from forestgis.jobs.errors import JobCancelledError, JobError
from forestgis.jobs.registry import handler

__all__ = ["JobCancelledError", "JobContext", "JobError", "handler"]
