"""Tables of surveys: what came in, what was computed from it, what is published.

A run's rows belong to its municipality; others see them only through an
active publication (see the policies in the migrations). Figures are stored
rounded as they are shown, so that card, tile, WFS and database agree.
"""

from __future__ import annotations

import uuid
from pathlib import PurePath

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.models import GEOGRAPHIC_SRID, WEB_SRID, MunicipalRow, label_point
from forestgis.surveys.domain.stages import stage_words


class Batch(MunicipalRow):
    """Point cloud files of one survey, checked and checksummed before anything is computed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("名称"), max_length=120)
    epsg = models.PositiveIntegerField(_("座標系 (EPSG)"), null=True, blank=True)
    assumed_epsg = models.PositiveIntegerField(
        _("座標系の指定 (EPSG)"), null=True, blank=True, help_text=_("ファイルに座標系がないとき")
    )
    captured_from = models.DateField(_("計測開始日"), null=True, blank=True)
    captured_to = models.DateField(_("計測終了日"), null=True, blank=True)
    simulated = models.BooleanField(_("架空データ"), default=False)
    compartments = models.CharField(_("集計区域ファイル"), max_length=500, blank=True)
    report = models.JSONField(_("検査結果"), default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("登録日時"), auto_now_add=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-created_at",)
        verbose_name = _("計測バッチ")
        verbose_name_plural = _("計測バッチ")

    def __str__(self) -> str:
        return self.name


class BatchFile(MunicipalRow):
    """One point cloud file of a batch with its checksum and the engine's findings."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="files")
    path = models.CharField(_("ファイル"), max_length=500)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("バイト数"))
    points = models.BigIntegerField(_("点数"))
    report = models.JSONField(_("検査結果"), default=dict)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("batch", "path")
        verbose_name = _("点群ファイル")
        constraints = (
            models.UniqueConstraint(fields=["batch", "path"], name="surveys_batchfile_key"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """File name without its folder."""
        return PurePath(self.path).name


class Plot(MunicipalRow):
    """A field plot: the ground truth that a volume model is calibrated on."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="plots")
    plot_id = models.CharField(_("プロット番号"), max_length=40)
    geom = models.PointField(_("中心"), srid=GEOGRAPHIC_SRID)
    radius_m = models.DecimalField(_("半径 (m)"), max_digits=6, decimal_places=2)
    hardwood_m3ha = models.DecimalField(_("広葉樹材積 (m3/ha)"), max_digits=8, decimal_places=2)
    conifer_m3ha = models.DecimalField(_("針葉樹材積 (m3/ha)"), max_digits=8, decimal_places=2)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("batch", "plot_id")
        verbose_name = _("標準地")
        constraints = (
            models.UniqueConstraint(fields=["batch", "plot_id"], name="surveys_plot_key"),
        )

    def __str__(self) -> str:
        return self.plot_id


class Run(MunicipalRow):
    """One computation over a batch."""

    class State(models.TextChoices):
        """Life of a run; only a succeeded one has rows and can be published."""

        QUEUED = "queued", _("待機中")
        RUNNING = "running", _("計算中")
        SUCCEEDED = "succeeded", _("完了")
        FAILED = "failed", _("失敗")
        CANCELLED = "cancelled", _("取消")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="runs")
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+")
    params = models.JSONField(_("パラメータ"), default=dict)
    engine_version = models.CharField(_("エンジン版"), max_length=40, blank=True)
    state = models.CharField(_("状態"), max_length=12, choices=State.choices, default=State.QUEUED)
    out_dir = models.CharField(_("成果品の場所"), max_length=300, blank=True)
    calibrated = models.BooleanField(_("現地調査で校正済み"), default=False)
    model = models.JSONField(_("材積モデル"), default=dict)
    summary = models.JSONField(_("概要"), default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("作成日時"), auto_now_add=True)
    finished_at = models.DateTimeField(_("完了日時"), null=True, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-created_at",)
        verbose_name = _("解析")
        indexes = (models.Index(fields=["municipality", "-created_at"], name="surveys_run_recent"),)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.current_state.label}"

    @property
    def current_state(self) -> Run.State:
        """State to show: until a run has succeeded its job knows best, also of a worker that died."""
        if self.state == self.State.SUCCEEDED or self.job is None:
            return self.State(self.state)
        ended_without_rows = self.job.state == self.State.SUCCEEDED
        return self.State.FAILED if ended_without_rows else self.State(self.job.state)

    @property
    def stage(self) -> str:
        """What the worker is at, in words."""
        return stage_words(self.job.stage) if self.job else ""

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self.current_state not in (self.State.QUEUED, self.State.RUNNING)


class RunRow(MunicipalRow):
    """Abstract: a result row of a run, shared by the run's publication."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="+")

    class Meta:
        """No table of its own."""

        abstract = True


class Product(RunRow):
    """A raster file of a run; `path` is relative to the file store."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="products")
    kind = models.CharField(_("種類"), max_length=30)
    path = models.CharField(_("ファイル"), max_length=300)
    sha256 = models.CharField(max_length=64)
    epsg = models.PositiveIntegerField(_("座標系 (EPSG)"), null=True)
    unit = models.CharField(_("単位"), max_length=12, blank=True)
    footprint_3857 = models.PolygonField(_("範囲"), srid=WEB_SRID)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("run", "kind")
        verbose_name = _("成果品")
        constraints = (models.UniqueConstraint(fields=["run", "kind"], name="surveys_product_key"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


class ZoneVolume(RunRow):
    """Volumes of one zone (小班 or grid square) of a run, with standard errors."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="zones")
    key = models.CharField(_("KEYCODE"), max_length=40)
    label = models.CharField(_("林班-小班"), max_length=40)
    geom = models.MultiPolygonField(_("区域"), srid=GEOGRAPHIC_SRID)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_SRID),
        output_field=models.MultiPolygonField(srid=WEB_SRID, spatial_index=False),
        db_persist=True,
    )
    label_3857 = label_point()
    area_ha = models.DecimalField(_("面積 (ha)"), max_digits=10, decimal_places=4)
    scanned_ha = models.DecimalField(_("計測された面積 (ha)"), max_digits=10, decimal_places=4)
    hardwood_m3 = models.DecimalField(_("広葉樹材積 (m3)"), max_digits=12, decimal_places=1)
    hardwood_se_m3 = models.DecimalField(
        _("広葉樹標準誤差 (m3)"), max_digits=12, decimal_places=1, null=True
    )
    hardwood_m3ha = models.DecimalField(_("広葉樹材積 (m3/ha)"), max_digits=8, decimal_places=1)
    hardwood_se_m3ha = models.DecimalField(
        _("広葉樹標準誤差 (m3/ha)"), max_digits=8, decimal_places=1, null=True
    )
    conifer_m3 = models.DecimalField(_("針葉樹材積 (m3)"), max_digits=12, decimal_places=1)
    conifer_se_m3 = models.DecimalField(
        _("針葉樹標準誤差 (m3)"), max_digits=12, decimal_places=1, null=True
    )
    conifer_m3ha = models.DecimalField(_("針葉樹材積 (m3/ha)"), max_digits=8, decimal_places=1)
    conifer_se_m3ha = models.DecimalField(
        _("針葉樹標準誤差 (m3/ha)"), max_digits=8, decimal_places=1, null=True
    )
    mean_height_m = models.DecimalField(
        _("平均樹高 (m)"), max_digits=5, decimal_places=1, null=True
    )
    cover_pct = models.DecimalField(_("樹冠被覆率 (%)"), max_digits=5, decimal_places=1, null=True)
    extrapolated_pct = models.DecimalField(
        _("外挿の割合 (%)"), max_digits=5, decimal_places=1, null=True
    )
    calibrated = models.BooleanField(_("校正済み"), default=False)
    scanned_on = models.DateField(_("計測日"), null=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("run", "key")
        verbose_name = _("区域別材積")
        indexes = (
            GistIndex(fields=["geom_3857"], name="surveys_zonevolume_3857"),
            models.Index(fields=["key"], name="surveys_zonevolume_by_key"),
        )
        constraints = (
            models.UniqueConstraint(fields=["run", "key"], name="surveys_zonevolume_key"),
        )

    def __str__(self) -> str:
        return self.label


class MeshCell(RunRow):
    """A 20 m cell of the national resource mesh (森林資源量集計メッシュ)."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="cells")
    # Empty outside Japan's plane-rectangular zones, where the national mesh has no ids.
    jf20mid = models.CharField("JF20mID", max_length=12, blank=True)
    geom = models.PolygonField(_("区域"), srid=GEOGRAPHIC_SRID)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_SRID),
        output_field=models.PolygonField(srid=WEB_SRID, spatial_index=False),
        db_persist=True,
    )
    hardwood_m3ha = models.DecimalField(_("広葉樹材積 (m3/ha)"), max_digits=8, decimal_places=1)
    hardwood_se_m3ha = models.DecimalField(
        _("広葉樹標準誤差 (m3/ha)"), max_digits=8, decimal_places=1, null=True
    )
    conifer_m3ha = models.DecimalField(_("針葉樹材積 (m3/ha)"), max_digits=8, decimal_places=1)
    stratum = models.PositiveSmallIntegerField(_("林相"), default=0)
    mean_height_m = models.DecimalField(
        _("平均樹高 (m)"), max_digits=5, decimal_places=1, null=True
    )
    cover_pct = models.DecimalField(_("樹冠被覆率 (%)"), max_digits=5, decimal_places=1, null=True)
    stems = models.PositiveIntegerField(_("立木本数"), null=True)
    mean_dbh_cm = models.DecimalField(_("平均直径 (cm)"), max_digits=5, decimal_places=1, null=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("run", "jf20mid")
        verbose_name = _("20mメッシュ")
        indexes = (GistIndex(fields=["geom_3857"], name="surveys_meshcell_3857"),)
        constraints = (
            models.UniqueConstraint(
                fields=["run", "jf20mid"],
                condition=~models.Q(jf20mid=""),
                name="surveys_meshcell_key",
            ),
        )

    def __str__(self) -> str:
        return self.jf20mid


class Publication(RunRow):
    """Who may see a run, from when to when; at most one is active per run."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="publications")
    sharing = models.CharField(_("公開範囲"), max_length=20, choices=Sharing.choices)
    shared_with = ArrayField(models.CharField(max_length=5), default=list, blank=True)
    published_at = models.DateTimeField(_("公開日時"), auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("取下げ日時"), null=True, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-published_at",)
        verbose_name = _("公開")
        constraints = (
            models.UniqueConstraint(
                fields=["run"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="surveys_publication_one_active",
            ),
            models.CheckConstraint(
                condition=~models.Q(sharing=Sharing.PREFECTURE),
                name="surveys_publication_is_for_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.get_sharing_display()}"
