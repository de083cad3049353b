"""Writes to surveys: register a batch, run it, store what came out, publish."""

from forestgis.surveys.services.batches import register_batch
from forestgis.surveys.services.publication import publish, withdraw
from forestgis.surveys.services.runs import cancel_run, start_run

__all__ = ["cancel_run", "publish", "register_batch", "start_run", "withdraw"]
