"""The worker: takes jobs out of the queue and does them."""

from __future__ import annotations

import os
import socket
import uuid

from django.core.management.base import BaseCommand, CommandParser
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, DEFAULT_TASK_QUEUE_NAME

from forestgis.jobs.router import QueueRouter
from forestgis.jobs.worker import JobWorker


class Command(BaseCommand):
    """Work until told to end (SIGTERM, SIGINT)."""

    help = "Does background jobs. Run as many as there are cores to spare."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--interval", type=float, default=0.5, help="seconds between looks")
        parser.add_argument("--batch", action="store_true", help="end when the queue is empty")

    def handle(self, *, interval: float, batch: bool, **options: object) -> None:
        """Start the loop."""
        QueueRouter.process_alias = "worker"
        worker = JobWorker(
            queue_names=[DEFAULT_TASK_QUEUE_NAME],
            excluded_queue_names=[],
            interval=interval,
            batch=batch,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        )
        worker.configure_signals()
        worker.run()
