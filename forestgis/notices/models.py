"""Tables of notices, treatments and plans.

A notice is a municipality's own record and holds no person; who handed it in, and
the papers that came with it, are in tables that only those whose duty it is read.
"""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from forestgis.notices.domain.periods import Course
from forestgis.notices.domain.plans import PlanKind
from forestgis.registry.models import GEOGRAPHIC_SRID, WEB_SRID, MunicipalRow, label_point


class Area(MunicipalRow):
    """Abstract: something with an area on the map and the 小班 that it concerns."""

    keycodes = ArrayField(
        models.CharField(max_length=14), verbose_name=_("小班（KEYCODE）"), default=list, blank=True
    )
    geom = models.MultiPolygonField(_("区域"), srid=GEOGRAPHIC_SRID, null=True, blank=True)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_SRID),
        output_field=models.MultiPolygonField(srid=WEB_SRID, spatial_index=False, null=True),
        db_persist=True,
    )
    label_3857 = label_point()

    class Meta:
        """No table of its own."""

        abstract = True


class FellingNotice(Area):
    """伐採及び伐採後の造林の届出 (森林法10条の8), without the persons."""

    class Method(models.TextChoices):
        """How it is felled (伐採方法)."""

        CLEAR = "clear", _("主伐（皆伐）")
        SELECTIVE = "selective", _("主伐（択伐）")
        THINNING = "thinning", _("間伐")

    class Letter(models.TextChoices):
        """Which letter was asked for."""

        NONE = "", _("希望しない")
        CONFORMITY = "conformity", _("適合通知書")
        CONFIRMATION = "confirmation", _("確認通知書")

    class State(models.TextChoices):
        """Where the notice is."""

        RECEIVED = "received", _("受付")
        EXAMINED = "examined", _("審査済み")
        FELLED = "felled", _("伐採報告済み")
        DONE = "done", _("完了")
        WITHDRAWN = "withdrawn", _("取下げ")

    number = models.CharField(_("受付番号"), max_length=40)
    received_on = models.DateField(_("受付日"))
    place = models.CharField(_("森林の所在場所"), max_length=300)
    area_ha = models.DecimalField(_("伐採面積 (ha)"), max_digits=8, decimal_places=2)
    method = models.CharField(_("伐採方法"), max_length=10, choices=Method.choices)
    rate_pct = models.DecimalField(
        _("伐採率 (%)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    species = models.CharField(_("伐採樹種"), max_length=120)
    age = models.CharField(_("伐採齢"), max_length=40)
    starts_on = models.DateField(_("伐採の始期"))
    ends_on = models.DateField(_("伐採の終期"))
    hauling = models.CharField(_("集材方法"), max_length=120, blank=True)
    hauling_road = models.CharField(_("集材路（幅員・延長）"), max_length=120, blank=True)
    planting_ha = models.DecimalField(_("植栽 (ha)"), max_digits=8, decimal_places=2, default=0)
    seeding_ha = models.DecimalField(_("人工播種 (ha)"), max_digits=8, decimal_places=2, default=0)
    sprout_ha = models.DecimalField(_("ぼう芽更新 (ha)"), max_digits=8, decimal_places=2, default=0)
    natural_ha = models.DecimalField(
        _("天然下種更新 (ha)"), max_digits=8, decimal_places=2, default=0
    )
    regeneration_aid = models.CharField(_("天然更新補助作業"), max_length=120, blank=True)
    regeneration_starts_on = models.DateField(_("造林の始期"), null=True, blank=True)
    regeneration_ends_on = models.DateField(_("造林の終期"), null=True, blank=True)
    regeneration_species = models.CharField(_("造林樹種"), max_length=120, blank=True)
    stems = models.PositiveIntegerField(_("植栽本数"), null=True, blank=True)
    fallback = models.CharField(
        _("5年後に適確な更新がなされない場合の方法"), max_length=200, blank=True
    )
    conversion = models.CharField(_("伐採後の森林以外の用途"), max_length=120, blank=True)
    solar = models.BooleanField(_("用途は太陽光発電設備"), default=False)
    letter = models.CharField(_("通知書の希望"), max_length=12, choices=Letter.choices, blank=True)
    note = models.CharField(_("備考"), max_length=300, blank=True)
    state = models.CharField(
        _("状態"), max_length=10, choices=State.choices, default=State.RECEIVED, editable=False
    )
    conforms = models.BooleanField(_("市町村森林整備計画に適合"), null=True, editable=False)
    examined_on = models.DateField(_("審査日"), null=True, editable=False)
    decision_note = models.CharField(_("審査の所見"), max_length=300, blank=True, editable=False)
    letter_number = models.CharField(_("通知書の番号"), max_length=40, blank=True, editable=False)
    letter_on = models.DateField(_("通知日"), null=True, editable=False)
    felled_on = models.DateField(_("伐採完了日"), null=True, editable=False)
    felling_reported_on = models.DateField(_("伐採の報告日"), null=True, editable=False)
    planted_on = models.DateField(_("造林完了日"), null=True, editable=False)
    planting_reported_on = models.DateField(_("造林の報告日"), null=True, editable=False)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-received_on", "-id")
        verbose_name = _("伐採及び伐採後の造林の届出")
        indexes = (GistIndex(fields=["geom_3857"], name="notices_felling_3857"),)
        constraints = (
            models.UniqueConstraint(
                fields=["municipality", "number"], name="notices_felling_number"
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def regeneration_ha(self) -> Decimal:
        """Area of artificial and natural regeneration together."""
        return self.planting_ha + self.seeding_ha + self.sprout_ha + self.natural_ha

    @property
    def course(self) -> Course:
        """How far the notice is, for its periods."""
        return Course(
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            regeneration_ends_on=self.regeneration_ends_on if self.regeneration_ha else None,
            examined=self.state != self.State.RECEIVED,
            letter_wanted=bool(self.letter) and self.letter_on is None,
            felled_on=self.felled_on,
            planted_on=self.planted_on,
        )


class NoticeParty(MunicipalRow):
    """A person of a notice: personal data."""

    class Role(models.TextChoices):
        """What the person does."""

        NOTIFIER = "notifier", _("届出人")
        FELLER = "feller", _("伐採する者")
        PLANTER = "planter", _("伐採後の造林をする者")
        OWNER = "owner", _("森林所有者")

    notice = models.ForeignKey(FellingNotice, models.CASCADE, related_name="parties")
    role = models.CharField(_("区分"), max_length=10, choices=Role.choices)
    name = models.CharField(_("氏名又は名称"), max_length=120)
    address = models.CharField(_("住所"), max_length=200, blank=True)
    contact = models.CharField(_("連絡先"), max_length=80, blank=True)

    class Meta:
        """Order and name of the table."""

        ordering = ("notice", "id")
        verbose_name = _("届出の関係者")

    def __str__(self) -> str:
        return f"{self.notice_id} {self.role}"


def attachment_place(attachment: Attachment, name: str) -> str:
    """Return where an attachment is kept: under a random name."""
    return f"notices/{attachment.key}"


class Attachment(MunicipalRow):
    """A paper that came with a notice; it may name persons."""

    class Kind(models.TextChoices):
        """What the paper shows."""

        MAP = "map", _("位置図・区域図")
        IDENTITY = "identity", _("届出者の確認書類")
        TITLE = "title", _("土地の登記事項証明書等")
        RIGHT = "right", _("伐採の権原を示す書類")
        BORDER = "border", _("隣接森林との境界の確認書類")
        CHECKLIST = "checklist", _("伐採及び集材に係るチェックリスト")
        HAULING = "hauling", _("搬出計画図")
        PERMIT = "permit", _("他法令の許認可の書類")
        PHOTO = "photo", _("写真")
        OTHER = "other", _("その他")

    notice = models.ForeignKey(FellingNotice, models.CASCADE, related_name="attachments")
    key = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    kind = models.CharField(_("種類"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("ファイル名"), max_length=200)
    file = models.FileField(upload_to=attachment_place, max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(_("バイト数"))
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(_("登録日時"), auto_now_add=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        """Order and name of the table."""

        ordering = ("notice", "id")
        verbose_name = _("添付書類")

    def __str__(self) -> str:
        return self.name


class Treatment(Area):
    """施業履歴: what was done where and when."""

    class Kind(models.TextChoices):
        """What was done."""

        SITE = "site", _("地拵え")
        PLANTING = "planting", _("植栽")
        NATURAL = "natural", _("天然更新・更新補助")
        WEEDING = "weeding", _("下刈り")
        CLEANING = "cleaning", _("除伐")
        PRUNING = "pruning", _("枝打ち")
        THINNING = "thinning", _("間伐")
        SELECTIVE = "selective", _("主伐（択伐）")
        CLEAR = "clear", _("主伐（皆伐）")
        PROTECTION = "protection", _("獣害・病虫害対策")
        OTHER = "other", _("その他")

    kind = models.CharField(_("施業"), max_length=12, choices=Kind.choices)
    fiscal_year = models.PositiveSmallIntegerField(_("年度"))
    done_on = models.DateField(_("完了日"), null=True, blank=True)
    area_ha = models.DecimalField(_("面積 (ha)"), max_digits=8, decimal_places=2)
    species = models.CharField(_("樹種"), max_length=120, blank=True)
    volume_m3 = models.DecimalField(
        _("材積 (m³)"), max_digits=10, decimal_places=1, null=True, blank=True
    )
    note = models.CharField(_("備考"), max_length=300, blank=True)
    notice = models.ForeignKey(
        FellingNotice, models.SET_NULL, null=True, blank=True, related_name="treatments"
    )

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-fiscal_year", "-id")
        verbose_name = _("施業履歴")
        indexes = (
            GistIndex(fields=["geom_3857"], name="notices_treatment_3857"),
            models.Index(fields=["municipality", "fiscal_year"], name="notices_treatment_year"),
        )

    def __str__(self) -> str:
        return f"{self.fiscal_year} {self.get_kind_display()}"


class ManagementPlan(MunicipalRow):
    """森林経営計画 (森林法11条), without its holders."""

    class State(models.TextChoices):
        """Where the certification is."""

        APPLIED = "applied", _("認定請求中")
        CERTIFIED = "certified", _("認定")
        REFUSED = "refused", _("不認定")
        REVOKED = "revoked", _("認定取消し")

    name = models.CharField(_("計画の名称"), max_length=120)
    kind = models.CharField(_("種類"), max_length=12, choices=PlanKind.choices)
    applied_on = models.DateField(_("請求日"))
    starts_on = models.DateField(_("計画の始期"))
    ends_on = models.DateField(_("計画の終期"))
    zone_name = models.CharField(_("区域の名称（区域計画）"), max_length=120, blank=True)
    covers_all = models.BooleanField(
        _("対象とすべき所有・受託森林がすべて入っていることを確かめた"), default=False
    )
    policy = models.TextField(_("森林の経営に関する長期の方針"), blank=True, max_length=2000)
    protection = models.TextField(
        _("森林の保護（鳥獣害、病害虫、火災）"), blank=True, max_length=2000
    )
    note = models.CharField(_("備考"), max_length=300, blank=True)
    number = models.CharField(_("認定番号"), max_length=40, blank=True, editable=False)
    state = models.CharField(
        _("認定状況"), max_length=10, choices=State.choices, default=State.APPLIED, editable=False
    )
    decided_on = models.DateField(_("認定等の日"), null=True, editable=False)
    decision_note = models.CharField(_("所見"), max_length=300, blank=True, editable=False)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-starts_on", "-id")
        verbose_name = _("森林経営計画")
        constraints = (
            models.UniqueConstraint(
                fields=["municipality", "number"],
                condition=~models.Q(number=""),
                name="notices_plan_number",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def in_force(self, day: date) -> bool:
        """Whether the plan is certified and runs on a day."""
        return self.state == self.State.CERTIFIED and self.starts_on <= day <= self.ends_on


class PlanHolder(MunicipalRow):
    """Who made a plan: personal data."""

    class Role(models.TextChoices):
        """By what right."""

        OWNER = "owner", _("森林所有者")
        ENTRUSTED = "entrusted", _("経営の受託者")

    plan = models.ForeignKey(ManagementPlan, models.CASCADE, related_name="holders")
    role = models.CharField(_("区分"), max_length=10, choices=Role.choices)
    name = models.CharField(_("氏名又は名称"), max_length=120)
    address = models.CharField(_("住所"), max_length=200, blank=True)

    class Meta:
        """Order and name of the table."""

        ordering = ("plan", "id")
        verbose_name = _("計画の作成者")

    def __str__(self) -> str:
        return f"{self.plan_id} {self.role}"


class PlanStand(MunicipalRow):
    """A 小班 of a plan, as it stood when the plan was made."""

    plan = models.ForeignKey(ManagementPlan, models.CASCADE, related_name="stands")
    edition = models.PositiveSmallIntegerField(_("年度"))
    keycode = models.CharField(_("KEYCODE"), max_length=14)
    label = models.CharField(_("林班-小班"), max_length=20)
    compartment_number = models.PositiveIntegerField(_("林班番号"))
    area_ha = models.DecimalField(_("面積 (ha)"), max_digits=8, decimal_places=2)
    own = models.BooleanField(_("自ら所有"), default=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("plan", "compartment_number", "label")
        verbose_name = _("計画の小班")
        indexes = (
            models.Index(fields=["municipality", "keycode"], name="notices_planstand_keycode"),
        )
        constraints = (
            models.UniqueConstraint(fields=["plan", "keycode"], name="notices_planstand_key"),
        )

    def __str__(self) -> str:
        return self.label


class PlanOperation(MunicipalRow):
    """An operation that a plan foresees."""

    plan = models.ForeignKey(ManagementPlan, models.CASCADE, related_name="operations")
    keycode = models.CharField(_("KEYCODE"), max_length=14)
    label = models.CharField(_("林班-小班"), max_length=20)
    kind = models.CharField(_("施業"), max_length=12, choices=Treatment.Kind.choices)
    fiscal_year = models.PositiveSmallIntegerField(_("年度"))
    area_ha = models.DecimalField(_("面積 (ha)"), max_digits=8, decimal_places=2)
    volume_m3 = models.DecimalField(
        _("材積 (m³)"), max_digits=10, decimal_places=1, null=True, blank=True
    )

    class Meta:
        """Order and name of the table."""

        ordering = ("plan", "fiscal_year", "label")
        verbose_name = _("計画の施業")

    def __str__(self) -> str:
        return f"{self.label} {self.get_kind_display()} {self.fiscal_year}"
