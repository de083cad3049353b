"""Table of the road ledger."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.models import GEOGRAPHIC_SRID, WEB_SRID, Municipality


class Segment(models.Model):
    """A stretch of road of one class."""

    class RoadClass(models.TextChoices):
        """Classes by standard of construction, widest first."""

        PUBLIC_ROAD = "public_road", _("公道")
        FOREST_ROAD = "forest_road", _("林道")
        FORESTRY_ROAD = "forestry_road", _("林業専用道")
        STRIP_ROAD = "strip_road", _("森林作業道")

    municipality = models.ForeignKey(
        Municipality, models.PROTECT, db_column="municipality_code", related_name="+"
    )
    name = models.CharField(_("路線名"), max_length=80, blank=True)
    road_class = models.CharField(_("区分"), max_length=20, choices=RoadClass.choices)
    surface = models.CharField(_("路面"), max_length=20, blank=True)
    width_m = models.DecimalField(
        _("幅員 (m)"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    geom = models.MultiLineStringField(_("位置"), srid=GEOGRAPHIC_SRID)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_SRID),
        output_field=models.MultiLineStringField(srid=WEB_SRID, spatial_index=False),
        db_persist=True,
    )
    sharing = models.CharField(
        _("公開範囲"), max_length=20, choices=Sharing.choices, default=Sharing.OWN
    )
    shared_with = ArrayField(models.CharField(max_length=5), default=list, blank=True)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("municipality", "id")
        verbose_name = _("路線区間")
        indexes = (GistIndex(fields=["geom_3857"], name="roads_segment_3857"),)

    def __str__(self) -> str:
        return self.name or f"{self.get_road_class_display()} {self.pk}"
