"""Tables of the ledger.

What anybody may read of a lot and who owns it are two tables: the lot follows
the sharing level of its municipality's ledger, its owners only their own, stricter
policy (`forestgis.accounts.policies.PersonalTable`). Rows of owners are never
overwritten: they end, and the next begins.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from forestgis.parcels.domain.provision import Category
from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.models import GEOGRAPHIC_SRID, WEB_SRID, MunicipalRow, label_point


class Ledger(MunicipalRow):
    """Who else may read the published part of a municipality's ledger (公表, 森林法191条の5)."""

    sharing = models.CharField(
        _("公開範囲"), max_length=14, choices=Sharing.choices, default=Sharing.OWN
    )
    shared_with = ArrayField(models.CharField(max_length=5), default=list, blank=True)
    published_on = models.DateField(_("公表日"), null=True, blank=True)

    class Meta:
        """Name and keys of the table."""

        verbose_name = _("林地台帳")
        constraints = (models.UniqueConstraint(fields=["municipality"], name="parcels_ledger_key"),)

    def __str__(self) -> str:
        return f"{self.municipality_id}"


class Parcel(MunicipalRow):
    """One lot (筆): the published part of the ledger, and its shape in the cadastral map."""

    class Survey(models.TextChoices):
        """State of the boundary survey (境界に関する測量の実施状況)."""

        DONE = "done", _("実施済み")
        PARTLY = "partly", _("一部実施")
        NONE = "none", _("未実施")
        UNKNOWN = "", _("不明")

    oaza = models.CharField(_("大字"), max_length=60, blank=True)
    aza = models.CharField(_("字"), max_length=120, blank=True)
    lot = models.CharField(_("地番"), max_length=40)
    lot_key = models.CharField(max_length=240, editable=False)
    lot_main = models.PositiveIntegerField(null=True, editable=False)
    in_ledger = models.BooleanField(_("台帳に記載"), default=False)
    land_category = models.CharField(_("地目"), max_length=20, blank=True)
    registered_area_m2 = models.DecimalField(
        _("地積 (m²)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    survey = models.CharField(
        _("境界測量"), max_length=8, choices=Survey.choices, blank=True, default=Survey.UNKNOWN
    )
    function_zone = models.CharField(_("公益的機能別施業森林区域"), max_length=60, blank=True)
    plan_note = models.CharField(_("森林経営計画の認定状況"), max_length=120, blank=True)
    note = models.CharField(_("備考"), max_length=200, blank=True)

    coordinate_system = models.CharField(_("座標系"), max_length=20, blank=True)
    map_name = models.CharField(_("地図名"), max_length=60, blank=True)
    accuracy = models.CharField(_("精度区分"), max_length=10, blank=True)
    undecided = models.CharField(_("筆界未定構成筆"), max_length=200, blank=True)
    map_area_m2 = models.DecimalField(
        _("図上面積 (m²)"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    geom = models.MultiPolygonField(_("形"), srid=GEOGRAPHIC_SRID, null=True, blank=True)
    # Metres of a sheet whose place on the earth nobody knows: kept, never drawn.
    local_geom = models.MultiPolygonField(_("任意座標の形"), srid=0, null=True, blank=True)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_SRID),
        output_field=models.MultiPolygonField(srid=WEB_SRID, spatial_index=False, null=True),
        db_persist=True,
    )
    label_3857 = label_point()
    updated_at = models.DateTimeField(_("更新"), auto_now=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("municipality", "oaza", "aza", "lot_main", "lot")
        verbose_name = _("筆")
        indexes = (
            GistIndex(fields=["geom_3857"], name="parcels_parcel_3857"),
            models.Index(
                fields=["municipality", "oaza", "aza", "lot_main", "lot"],
                name="parcels_parcel_order",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["municipality", "lot_key"], name="parcels_parcel_key"),
            models.CheckConstraint(
                name="parcels_parcel_one_shape",
                condition=models.Q(geom__isnull=True) | models.Q(local_geom__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.oaza}{self.aza}{self.lot}"

    @property
    def drawn(self) -> bool:
        """Whether the map can show the lot."""
        return self.geom is not None


class ParcelOwner(MunicipalRow):
    """Who owns a lot, or owned it: personal data, read for a stated purpose only."""

    class Basis(models.TextChoices):
        """On what the name rests."""

        REGISTERED = "registered", _("登記簿上の所有者")
        CURRENT = "current", _("現に所有する者・所有者とみなされる者")

    class Source(models.TextChoices):
        """How the ledger learnt of it."""

        IMPORT = "import", _("台帳の取込み")
        NOTICE = "notice", _("森林の土地の所有者届出")
        CORRECTION = "correction", _("修正申出")

    parcel = models.ForeignKey(Parcel, models.CASCADE, related_name="owners")
    basis = models.CharField(_("区分"), max_length=10, choices=Basis.choices)
    name = models.CharField(_("氏名又は名称"), max_length=120)
    address = models.CharField(_("住所"), max_length=200, blank=True)
    share = models.CharField(_("持分"), max_length=20, blank=True)
    acquired_on = models.DateField(_("取得日"), null=True, blank=True)
    source = models.CharField(_("情報元"), max_length=10, choices=Source.choices)
    source_note = models.CharField(_("情報元の番号"), max_length=60, blank=True)
    valid_from = models.DateField(_("記載日"))
    ended_on = models.DateField(_("抹消日"), null=True, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("parcel", "-valid_from", "basis", "id")
        verbose_name = _("所有者")
        indexes = (
            models.Index(
                fields=["municipality", "name"],
                name="parcels_owner_name",
                condition=models.Q(ended_on__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_basis_display()} {self.pk}"


class ParcelShare(MunicipalRow):
    """How much of a lot lies in a 小班 of an edition: the overlay of two maps, computed anew for an edition.

    It names the 小班 by its KEYCODE, since an edition that is imported again replaces the rows of the register.
    """

    parcel = models.ForeignKey(Parcel, models.CASCADE, related_name="shares")
    edition = models.PositiveSmallIntegerField(_("年度"))
    keycode = models.CharField(_("KEYCODE"), max_length=14)
    area_m2 = models.DecimalField(_("重なる面積 (m²)"), max_digits=14, decimal_places=2)
    share_of_parcel = models.DecimalField(_("筆に占める割合"), max_digits=6, decimal_places=4)
    share_of_subcompartment = models.DecimalField(
        _("小班に占める割合"), max_digits=6, decimal_places=4
    )

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("parcel", "edition", "-area_m2")
        verbose_name = _("筆と小班の重なり")
        indexes = (
            models.Index(
                fields=["municipality", "edition", "keycode"], name="parcels_share_keycode"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["parcel", "edition", "keycode"], name="parcels_share_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.keycode}"

    @property
    def percent_of_parcel(self) -> Decimal:
        """Share of the lot in percent."""
        return self.share_of_parcel * 100

    @property
    def percent_of_subcompartment(self) -> Decimal:
        """Share of the 小班 in percent."""
        return self.share_of_subcompartment * 100


def upload_place(upload: LedgerImport, name: str) -> str:
    """Return where an uploaded file is kept: under a random name, since the user's may say anything."""
    suffix = ".zip" if name.lower().endswith(".zip") else ".dat"
    return f"parcels/imports/{upload.pk}{suffix}"


class LedgerImport(MunicipalRow):
    """One file that somebody brings: checked first, stored on their word, then forgotten but for its report."""

    class Kind(models.TextChoices):
        """What the file is."""

        MAP = "map", _("登記所備付地図（XML・ZIP）")
        LEDGER = "ledger", _("林地台帳（CSV）")
        OWNERS = "owners", _("所有者・共有者（CSV）")

    class State(models.TextChoices):
        """Where the import is."""

        CHECKING = "checking", _("検査中")
        CHECKED = "checked", _("検査済み")
        REFUSED = "refused", _("要修正")
        STORED = "stored", _("取込み済み")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("種類"), max_length=8, choices=Kind.choices)
    state = models.CharField(
        _("状態"), max_length=10, choices=State.choices, default=State.CHECKING
    )
    name = models.CharField(_("ファイル名"), max_length=200)
    file = models.FileField(upload_to=upload_place, max_length=200)
    sha256 = models.CharField(max_length=64)
    report = models.JSONField(_("検査結果"), default=dict)
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("登録日時"), auto_now_add=True)

    class Meta:
        """Order and name of the table."""

        ordering = ("-created_at",)
        verbose_name = _("台帳の取込み")

    def __str__(self) -> str:
        return self.name


class Case(MunicipalRow):
    """Abstract: a paper that somebody hands in about lots, and what became of it. Personal data."""

    class State(models.TextChoices):
        """Where the case is."""

        RECEIVED = "received", _("受付")
        ACCEPTED = "accepted", _("処理済み")
        REFUSED = "refused", _("不受理・不提供")

    number = models.CharField(_("受付番号"), max_length=40)
    received_on = models.DateField(_("受付日"))
    name = models.CharField(_("届出者・申出者の氏名又は名称"), max_length=120)
    address = models.CharField(_("届出者・申出者の住所"), max_length=200)
    contact = models.CharField(_("連絡先"), max_length=80, blank=True)
    proof = models.CharField(_("確認した書類"), max_length=200, blank=True)
    state = models.CharField(
        _("状態"), max_length=10, choices=State.choices, default=State.RECEIVED, editable=False
    )
    decided_on = models.DateField(_("処理日"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    reason = models.CharField(_("処理の理由"), max_length=300, blank=True, editable=False)

    class Meta:
        """No table of its own."""

        abstract = True

    def __str__(self) -> str:
        return self.number

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.state == self.State.RECEIVED


class Provision(Case):
    """An application for the whole ledger of some lots (情報提供), and what was given for what purpose."""

    category = models.CharField(_("申出者の区分"), max_length=10, choices=Category.choices)
    purpose = models.CharField(_("利用目的"), max_length=200)
    plan_number = models.CharField(_("森林経営計画の認定番号"), max_length=40, blank=True)
    plan_until = models.DateField(_("計画期間の末日"), null=True, blank=True)
    asked = models.ManyToManyField(Parcel, through="ProvisionParcel", related_name="+")
    expires_on = models.DateField(_("利用期限"), null=True, editable=False)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-received_on", "-id")
        verbose_name = _("情報提供")
        constraints = (
            models.UniqueConstraint(
                fields=["municipality", "number"], name="parcels_provision_number"
            ),
        )


class ProvisionParcel(MunicipalRow):
    """A lot of an application: asked for, or the applicant's own that makes its neighbours askable."""

    class Role(models.TextChoices):
        """Why the lot is named."""

        ASKED = "asked", _("申出に係る土地")
        OWN = "own", _("申出者の土地")

    provision = models.ForeignKey(Provision, models.CASCADE, related_name="lots")
    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="+")
    role = models.CharField(max_length=6, choices=Role.choices)

    class Meta:
        """Name and keys of the table."""

        verbose_name = _("申出の筆")
        constraints = (
            models.UniqueConstraint(
                fields=["provision", "parcel", "role"], name="parcels_provisionparcel_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.provision_id} {self.parcel_id}"


class ProvidedRow(models.Model):
    """What an application was given: a row of the view `parcels_provided`, a lot with one of its owners."""

    key = models.CharField(primary_key=True, max_length=40)
    provision = models.ForeignKey(Provision, models.DO_NOTHING, related_name="provided")
    parcel = models.ForeignKey(Parcel, models.DO_NOTHING, related_name="+")
    basis = models.CharField(max_length=10, choices=ParcelOwner.Basis.choices)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200)
    share = models.CharField(max_length=20)
    acquired_on = models.DateField(null=True)

    class Meta:
        """A view."""

        managed = False
        db_table = "parcels_provided"

    def __str__(self) -> str:
        return self.key


class Correction(Case):
    """A request to correct what the ledger says (修正申出, 森林法191条の6), kept with its outcome."""

    class Item(models.TextChoices):
        """What is to be corrected."""

        OWNER = "owner", _("所有者の氏名又は名称、住所")
        LAND_CATEGORY = "land_category", _("地目")
        AREA = "registered_area_m2", _("地積 (m²)")
        SURVEY = "survey", _("境界測量")
        NOTE = "note", _("備考")

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="+", verbose_name=_("筆"))
    item = models.CharField(_("修正する事項"), max_length=20, choices=Item.choices)
    value = models.CharField(_("正しい内容（所有者なら氏名又は名称）"), max_length=120)
    value_address = models.CharField(_("正しい住所（所有者のとき）"), max_length=200, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-received_on", "-id")
        verbose_name = _("修正申出")
        constraints = (
            models.UniqueConstraint(
                fields=["municipality", "number"], name="parcels_correction_number"
            ),
        )


class OwnerNotice(Case):
    """森林の土地の所有者届出 (森林法10条の7の2): somebody has become the owner of forest land."""

    class Cause(models.TextChoices):
        """How the land was acquired."""

        SALE = "sale", _("売買")
        INHERITANCE = "inheritance", _("相続")
        GIFT = "gift", _("贈与")
        SUCCESSION = "succession", _("法人の合併・分割")
        OTHER = "other", _("その他")

    acquired_on = models.DateField(_("所有者となった日"))
    cause = models.CharField(_("原因"), max_length=12, choices=Cause.choices)
    former_name = models.CharField(_("前所有者の氏名又は名称"), max_length=120, blank=True)
    share = models.CharField(_("持分"), max_length=20, blank=True)
    parcels = models.ManyToManyField(Parcel, through="OwnerNoticeParcel", related_name="+")

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-received_on", "-id")
        verbose_name = _("森林の土地の所有者届出")
        constraints = (
            models.UniqueConstraint(
                fields=["municipality", "number"], name="parcels_ownernotice_number"
            ),
        )


class OwnerNoticeParcel(MunicipalRow):
    """A lot of a notice."""

    notice = models.ForeignKey(OwnerNotice, models.CASCADE, related_name="lots")
    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="+")

    class Meta:
        """Name and keys of the table."""

        verbose_name = _("届出の筆")
        constraints = (
            models.UniqueConstraint(
                fields=["notice", "parcel"], name="parcels_ownernoticeparcel_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.notice_id} {self.parcel_id}"
