"""Publishing the ledger (公表), which never shows an owner."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from forestgis.parcels.access import check_may_write
from forestgis.parcels.models import Ledger
from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.models import Municipality


def publish(municipality: Municipality, sharing: str, shared_with: Sequence[str] = ()) -> Ledger:
    """Say who else may read the published part of a municipality's ledger.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_write(municipality.pk)
    level = Sharing(sharing)
    named = list(shared_with) if level is Sharing.NAMED else []
    ledger, _made = Ledger.objects.update_or_create(
        municipality=municipality,
        defaults={
            "sharing": level,
            "shared_with": named,
            "published_on": None if level is Sharing.OWN else timezone.localdate(),
        },
    )
    return ledger
