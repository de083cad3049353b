"""What the background work is about, how far it is, and how it ended."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One piece of background work, asked for by one person for one municipality."""

    class State(models.TextChoices):
        """Where a job is in its life; the last three are final."""

        QUEUED = "queued", _("待機中")
        RUNNING = "running", _("実行中")
        SUCCEEDED = "succeeded", _("完了")
        FAILED = "failed", _("失敗")
        CANCELLED = "cancelled", _("中止")

    FINAL: ClassVar[frozenset[str]] = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("種類"), max_length=60)
    # No foreign key: the queue must not depend on the register being loaded.
    municipality_code = models.CharField(_("市町村"), max_length=5, db_index=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    params = models.JSONField(_("条件"), default=dict)
    state = models.CharField(_("状態"), max_length=10, choices=State.choices, default=State.QUEUED)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    stage = models.CharField(_("段階"), max_length=80, blank=True)
    message = models.CharField(_("状況"), max_length=500, blank=True)
    result = models.JSONField(_("結果"), null=True, blank=True)
    error = models.TextField(_("失敗の理由"), blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(_("試行回数"), default=0)
    cancel_requested = models.BooleanField(_("中止の指示"), default=False)
    created_at = models.DateTimeField(_("登録"), auto_now_add=True)
    started_at = models.DateTimeField(_("開始"), null=True, blank=True)
    finished_at = models.DateTimeField(_("終了"), null=True, blank=True)

    class Meta:
        """Order, name and rules of the table."""

        ordering = ("-created_at",)
        verbose_name = _("処理")
        indexes = (
            models.Index(
                fields=["created_at"],
                name="jobs_job_unfinished",
                condition=models.Q(state__in=["queued", "running"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self.state in self.FINAL
