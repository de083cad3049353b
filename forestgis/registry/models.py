"""Tables of the register.

Every table carries `municipality` (column `municipality_code`), because the
row-level security policies decide on it alone and must not need a join.
Geometry is stored in JGD2011 longitude/latitude (EPSG:6668). `geom_3857` and
`label_3857` follow from it: of a municipality they are generated columns; of
林班 and 小班 a trigger fills what a writer leaves empty (`registry/sql`), because
an import computes them for all rows at once and much faster.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import PointOnSurface, Transform
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

GEOGRAPHIC_SRID = 6668
WEB_SRID = 3857


def label_point() -> models.GeneratedField:
    """Return the column of the place where a map writes the name of the area in `geom`.

    One point a row, in web Mercator: a tile holds parts of areas, and each part would get a name.
    """
    return models.GeneratedField(
        expression=PointOnSurface(Transform("geom", WEB_SRID)),
        output_field=models.PointField(srid=WEB_SRID, spatial_index=False),
        db_persist=True,
    )


class Municipality(models.Model):
    """A municipality of Hokkaido with its plane-rectangular zone."""

    class Zone(models.IntegerChoices):
        """Plane-rectangular zones of Hokkaido (平面直角座標系 XI-XIII)."""

        XI = 11, _("第XI系")
        XII = 12, _("第XII系")
        XIII = 13, _("第XIII系")

    code = models.CharField(_("団体コード（5桁）"), max_length=5, primary_key=True)
    code6 = models.CharField(_("団体コード（検査数字付き）"), max_length=6, unique=True)
    name = models.CharField(_("市町村名"), max_length=40)
    name_en = models.CharField(_("英語名"), max_length=60, blank=True)
    bureau = models.CharField(_("（総合）振興局"), max_length=20)
    zone = models.PositiveSmallIntegerField(_("平面直角座標系"), choices=Zone.choices)
    geom = models.MultiPolygonField(_("区域"), srid=GEOGRAPHIC_SRID)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_SRID),
        output_field=models.MultiPolygonField(srid=WEB_SRID, spatial_index=False),
        db_persist=True,
    )
    label_3857 = label_point()

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("code",)
        verbose_name = _("市町村")
        indexes = (GistIndex(fields=["geom_3857"], name="registry_municipality_3857"),)

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class MunicipalRow(models.Model):
    """Abstract: a row that belongs to one municipality, the key of every policy."""

    municipality = models.ForeignKey(
        Municipality, models.PROTECT, db_column="municipality_code", related_name="+"
    )

    class Meta:
        """No table of its own."""

        abstract = True


class CodeTable(models.Model):
    """One code of one table of one register edition; editions differ, so codes belong to them."""

    edition = models.PositiveSmallIntegerField(_("年度"))
    table = models.CharField(_("コード表"), max_length=30)
    code = models.CharField(_("コード"), max_length=8)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英語名"), max_length=80, blank=True)
    source = models.CharField(_("出典"), max_length=200, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("edition", "table", "code")
        verbose_name = _("コード表")
        constraints = (
            models.UniqueConstraint(
                fields=["edition", "table", "code"], name="registry_codetable_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.table} {self.code} {self.name}"


class Edition(models.Model):
    """One year's register of a municipality; years stand side by side and one of them is the current one."""

    class State(models.TextChoices):
        """What the edition is used for."""

        LOADED = "loaded", _("取込済み")
        CURRENT = "current", _("現行")
        WITHDRAWN = "withdrawn", _("取下げ")

    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        db_column="municipality_code",
        db_index=False,
        related_name="+",
    )
    year = models.PositiveSmallIntegerField(_("年度"))
    state = models.CharField(_("状態"), max_length=9, choices=State.choices, default=State.LOADED)
    source = models.CharField(_("ファイル"), max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    loaded_at = models.DateTimeField(_("取込日時"), null=True, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("municipality", "-year")
        verbose_name = _("森林簿の年度")
        constraints = (
            models.UniqueConstraint(fields=["municipality", "year"], name="registry_edition_key"),
            models.UniqueConstraint(
                fields=["municipality"],
                condition=models.Q(state="current"),
                name="registry_edition_one_current",
            ),
        )

    def __str__(self) -> str:
        return f"{self.municipality_id} {self.year}年度"


class ImportSource(models.Model):
    """A column mapping under a name, for files that come each year from the same place."""

    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        db_column="municipality_code",
        db_index=False,
        related_name="+",
    )
    name = models.CharField(_("名称"), max_length=80)
    mapping = models.JSONField(_("列の対応"), default=dict)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("municipality", "name")
        verbose_name = _("取込み元")
        constraints = (
            models.UniqueConstraint(
                fields=["municipality", "name"], name="registry_importsource_key"
            ),
        )

    def __str__(self) -> str:
        return self.name


def upload_place(upload: RegisterImport, name: str) -> str:
    """Return where an uploaded file is kept: under a random name, since the user's may say anything."""
    suffix = Path(name).suffix.lower()
    known = suffix if suffix in {".zip", ".gpkg", ".geojson", ".json", ".xlsx", ".csv"} else ".zip"
    return f"registry/imports/{uuid.uuid4()}{known}"


class RegisterImport(models.Model):
    """A register that somebody brings: checked first, stored on their word, then forgotten but for its report."""

    class State(models.TextChoices):
        """Where the import is."""

        CHECKING = "checking", _("検査中")
        CHECKED = "checked", _("検査済み")
        REFUSED = "refused", _("要修正")
        STORED = "stored", _("取込み済み")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, db_column="municipality_code", related_name="+"
    )
    year = models.PositiveSmallIntegerField(
        _("年度"), validators=[MinValueValidator(1950), MaxValueValidator(2100)]
    )
    name = models.CharField(_("ファイル名"), max_length=200)
    file = models.FileField(upload_to=upload_place, max_length=200)
    rows_name = models.CharField(_("調査簿"), max_length=200, blank=True)
    rows_file = models.FileField(upload_to=upload_place, max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)
    epsg = models.PositiveIntegerField(_("座標系 (EPSG)"), null=True, blank=True)
    mapping = models.JSONField(_("列の対応"), default=dict)
    use = models.BooleanField(_("取り込んだら現行の年度にする"), default=True)
    state = models.CharField(
        _("状態"), max_length=10, choices=State.choices, default=State.CHECKING
    )
    report = models.JSONField(_("検査結果"), default=dict)
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("登録日時"), auto_now_add=True)

    class Meta:
        """Order and name of the table."""

        ordering = ("-created_at",)
        verbose_name = _("森林簿の取込み")

    def __str__(self) -> str:
        return self.name


class Compartment(models.Model):
    """林班 of an edition: the union of its 小班."""

    # The key of the table begins with it: an index of its own would only slow imports.
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        db_column="municipality_code",
        db_index=False,
        related_name="+",
    )
    edition = models.PositiveSmallIntegerField(_("年度"))
    number = models.PositiveIntegerField(_("林班番号"))
    geom = models.MultiPolygonField(_("区域"), srid=GEOGRAPHIC_SRID)
    geom_3857 = models.MultiPolygonField(
        srid=WEB_SRID, null=True, editable=False, spatial_index=False
    )
    label_3857 = models.PointField(srid=WEB_SRID, null=True, editable=False, spatial_index=False)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("municipality", "edition", "number")
        verbose_name = _("林班")
        indexes = (GistIndex(fields=["geom_3857"], name="registry_compartment_3857"),)
        constraints = (
            models.UniqueConstraint(
                fields=["municipality", "edition", "number"], name="registry_compartment_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}林班（{self.edition}年度）"


class Subcompartment(models.Model):
    """小班 of an edition, joined to the register by its 14-digit KEYCODE."""

    # The key of the table begins with it: an index of its own would only slow imports.
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        db_column="municipality_code",
        db_index=False,
        related_name="+",
    )
    edition = models.PositiveSmallIntegerField(_("年度"))
    keycode = models.CharField(_("KEYCODE"), max_length=14)
    compartment_number = models.PositiveIntegerField(_("林班番号"))
    number = models.PositiveIntegerField(_("小班番号"))
    geom = models.MultiPolygonField(_("区域"), srid=GEOGRAPHIC_SRID)
    geom_3857 = models.MultiPolygonField(
        srid=WEB_SRID, null=True, editable=False, spatial_index=False
    )
    label_3857 = models.PointField(srid=WEB_SRID, null=True, editable=False, spatial_index=False)
    area_ha = models.DecimalField(
        _("図上面積 (ha)"), max_digits=10, decimal_places=4, help_text=_("平面直角座標系での面積")
    )
    register_area_ha = models.DecimalField(
        _("森林簿面積 (ha)"), max_digits=10, decimal_places=4, null=True, blank=True
    )

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("municipality", "edition", "compartment_number", "number")
        verbose_name = _("小班")
        indexes = (
            GistIndex(fields=["geom_3857"], name="registry_subcompartment_3857"),
            models.Index(fields=["keycode"], name="registry_subcompartment_kc"),
        )
        constraints = (
            # Of the municipality: nobody's import may be stopped by another's rows that it cannot see.
            models.UniqueConstraint(
                fields=["municipality", "edition", "keycode"], name="registry_subcompartment_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.label}（{self.edition}年度）"

    @property
    def label(self) -> str:
        """Number as officers write it, `林班-小班` without leading zeros."""
        return f"{self.compartment_number}-{self.number}"


class Stand(models.Model):
    """One storey (複層区分) of a 小班; all storeys stand on the same ground, so areas are never added."""

    # One constraint over both columns (`same_municipality`) holds them in the database, and the key of the table is
    # the index: each further check would cost an import as much as the rows themselves.
    subcompartment = models.ForeignKey(
        Subcompartment, models.CASCADE, db_constraint=False, db_index=False, related_name="stands"
    )
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        db_column="municipality_code",
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    storey = models.PositiveSmallIntegerField(_("複層区分"), default=1)
    protection_code = models.CharField(_("森林の種類コード"), max_length=2, blank=True)
    forest_type_code = models.CharField(_("林種コード"), max_length=2, blank=True)
    species1_code = models.CharField(_("樹種1コード"), max_length=2, blank=True)
    species2_code = models.CharField(_("樹種2コード"), max_length=2, blank=True)
    species3_code = models.CharField(_("樹種3コード"), max_length=2, blank=True)
    share1 = models.PositiveSmallIntegerField(_("樹種1比率 (%)"), null=True, blank=True)
    share2 = models.PositiveSmallIntegerField(_("樹種2比率 (%)"), null=True, blank=True)
    share3 = models.PositiveSmallIntegerField(_("樹種3比率 (%)"), null=True, blank=True)
    age = models.PositiveSmallIntegerField(_("林齢 (年)"), null=True, blank=True)
    height_m = models.DecimalField(
        _("樹高 (m)"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    stock_conifer_m3ha = models.DecimalField(
        _("HA当蓄積N (m3/ha)"), max_digits=8, decimal_places=1, null=True, blank=True
    )
    stock_broadleaf_m3ha = models.DecimalField(
        _("HA当蓄積L (m3/ha)"), max_digits=8, decimal_places=1, null=True, blank=True
    )
    slope_class = models.CharField(_("傾斜"), max_length=8, blank=True)
    lot = models.CharField(_("代表地番"), max_length=40, blank=True)
    as_of = models.DateField(_("データ時点"), null=True, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("subcompartment", "storey")
        verbose_name = _("林分（森林簿）")
        constraints = (
            models.UniqueConstraint(fields=["subcompartment", "storey"], name="registry_stand_key"),
        )
        indexes = (models.Index(fields=["municipality"], name="registry_stand_municipality"),)

    def __str__(self) -> str:
        return f"{self.subcompartment_id} 層{self.storey}"


class Summary(models.Model):
    """What search, lists and totals ask of a 小班: one narrow row, kept by triggers (`registry/sql`); never written here.

    The first storey speaks for the 小班, stocks are those of all storeys. 0 stands for no age,
    -1 for a stock that the register does not state: the database compares and sorts numbers that
    are always there by index.
    """

    subcompartment = models.OneToOneField(
        Subcompartment,
        models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="summary",
    )
    municipality = models.ForeignKey(
        Municipality,
        models.DO_NOTHING,
        db_column="municipality_code",
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    edition = models.PositiveSmallIntegerField()
    keycode = models.CharField(max_length=14)
    compartment_number = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    # The register's area, or the drawn one where the register has none.
    area_m2 = models.PositiveIntegerField()
    storeys = models.PositiveSmallIntegerField()
    protection_code = models.CharField(max_length=2, blank=True)
    forest_type_code = models.CharField(max_length=2, blank=True)
    species1_code = models.CharField(max_length=2, blank=True)
    # Of all storeys, in the order of their place.
    species_codes = ArrayField(models.CharField(max_length=2))
    age = models.PositiveSmallIntegerField()
    conifer_tenth_m3ha = models.IntegerField()
    broadleaf_tenth_m3ha = models.IntegerField()
    lot = models.CharField(max_length=40, blank=True)

    class Meta:
        """Name of the table, and indexes for the searches over all municipalities; each slows imports."""

        verbose_name = _("小班の概要")
        indexes = (
            models.Index(
                fields=[
                    "municipality",
                    "edition",
                    "compartment_number",
                    "number",
                    "subcompartment",
                ],
                name="registry_summary_order",
            ),
            models.Index(fields=["compartment_number", "number"], name="registry_summary_number"),
            models.Index(fields=["species1_code", "age"], name="registry_summary_species"),
            models.Index(fields=["area_m2", "subcompartment"], name="registry_summary_area"),
            models.Index(
                fields=["broadleaf_tenth_m3ha", "subcompartment"], name="registry_summary_hardwood"
            ),
            # Hardwood hangs on the species: without this, the conifers with the most of it take a walk over all.
            models.Index(
                fields=["species1_code", "broadleaf_tenth_m3ha", "subcompartment"],
                name="registry_summary_by_hardwood",
            ),
        )

    def __str__(self) -> str:
        return self.keycode
