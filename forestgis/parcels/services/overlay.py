"""Which lots lie in which 小班, and with what share."""

from __future__ import annotations

from functools import cache
from importlib import resources

from django.db import connection, transaction

from forestgis.parcels.access import check_may_write
from forestgis.parcels.models import ParcelShare
from forestgis.registry.domain.zones import epsg_of_zone
from forestgis.registry.models import Municipality


def relate(municipality: Municipality, edition: int) -> int:
    """Compute the shares of a municipality's lots in the 小班 of an edition anew.

    Parameters
    ----------
    municipality : Municipality
        Areas are measured in its plane-rectangular zone.
    edition : int
        年度 of the register.

    Returns
    -------
    int
        How many pairs of lot and 小班 overlap.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_write(municipality.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        ParcelShare.objects.filter(municipality=municipality, edition=edition).delete()
        cursor.execute(
            _statement(),
            {
                "municipality": municipality.pk,
                "edition": edition,
                "epsg": epsg_of_zone(municipality.zone),
            },
        )
        return int(cursor.rowcount)


@cache
def _statement() -> str:
    return resources.files("forestgis.parcels").joinpath("sql/relate.sql").read_text("utf-8")
