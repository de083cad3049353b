"""Publishing a run and taking it back: readers see the old map or the new one, never half."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from forestgis.registry.domain.sharing import Sharing, published_sharing
from forestgis.registry.models import Municipality
from forestgis.surveys import files
from forestgis.surveys.access import check_may_write
from forestgis.surveys.errors import (
    NotFinishedError,
    OverlapError,
    ProductMissingError,
    UnknownSharingError,
)
from forestgis.surveys.models import Product, Publication, Run, ZoneVolume
from forestgis.tenancy.principal import current

#: First key of the advisory lock, so that it meets no other use of such locks.
_LOCK = 0x707562


def publish(
    run: Run,
    sharing: str,
    shared_with: Sequence[str] = (),
    *,
    replace: bool = False,
) -> Publication:
    """Show a run to others, in place of what was published of the same zones.

    Parameters
    ----------
    run : Run
        A succeeded run.
    sharing : str
        A level of `Sharing` but `prefecture`.
    shared_with : sequence of str
        5-digit municipality codes, with `Sharing.NAMED` only.
    replace : bool
        Withdraw overlapping runs even where they cover zones that this one
        does not.

    Raises
    ------
    NotYoursError, NotFinishedError, UnknownSharingError, ProductMissingError, OverlapError
        Nothing is changed.
    """
    named = check_sharing(sharing, shared_with)
    check_may_write(run.municipality_id)
    with transaction.atomic():
        locked = _locked(run)
        _check_finished(locked)
        _check_products(locked)
        replaced = _overlapping(locked)
        if not replace:
            _check_nothing_lost(locked, replaced)
        _withdraw(Publication.objects.filter(run__in=[locked, *replaced]))
        return Publication.objects.create(
            run=locked,
            municipality_id=locked.municipality_id,
            sharing=sharing,
            shared_with=named,
            published_by_id=current().user_id,
        )


def withdraw(run: Run) -> int:
    """Take a run's publication back; what it replaced stays withdrawn.

    Returns
    -------
    int
        Number of publications withdrawn, 0 or 1.
    """
    check_may_write(run.municipality_id)
    with transaction.atomic():
        _locked(run)
        return _withdraw(Publication.objects.filter(run=run))


def _locked(run: Run) -> Run:
    """Read the run anew; publications of its municipality wait for each other until commit."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, int(run.municipality_id)])
    return Run.objects.get(pk=run.pk)


def check_sharing(sharing: str, shared_with: Sequence[str]) -> list[str]:
    """Check a level and return the named municipalities; only named sharing has any.

    Raises
    ------
    UnknownSharingError
        If there is no such level or municipality.
    """
    if sharing not in dict(published_sharing()):
        raise UnknownSharingError(value=sharing)
    if sharing != Sharing.NAMED:
        return []
    known = set(Municipality.objects.filter(code__in=shared_with).values_list("code", flat=True))
    unknown = sorted(set(shared_with) - known)
    if unknown or not known:
        raise UnknownSharingError(value=f"{sharing} {' '.join(unknown)}".strip())
    return sorted(known)


def _check_finished(run: Run) -> None:
    if run.state != Run.State.SUCCEEDED:
        raise NotFinishedError(state=run.current_state.label)


def _check_products(run: Run) -> None:
    """Every file that the layers will read must be there, whole and unchanged."""
    for product in Product.objects.filter(run=run):
        path = files.stored_path(product.path)
        if not path.is_file() or files.sha256(path) != product.sha256:
            raise ProductMissingError(path=product.path)


def _overlapping(run: Run) -> list[Run]:
    """Other published runs of the municipality with a zone of the same key and place."""
    published = Publication.objects.filter(
        municipality_id=run.municipality_id, withdrawn_at__isnull=True
    ).exclude(run=run)
    same_zone = ZoneVolume.objects.filter(run__in=published.values("run"), key__in=_keys(run))
    return list(Run.objects.filter(pk__in=same_zone.values("run")))


def _keys(run: Run) -> list[str]:
    return list(ZoneVolume.objects.filter(run=run).values_list("key", flat=True))


def _check_nothing_lost(run: Run, replaced: list[Run]) -> None:
    """Refuse to let zones vanish from the map that only the older run covers."""
    kept = set(_keys(run))
    for old in replaced:
        lost = set(_keys(old)) - kept
        if lost:
            raise OverlapError(run=str(old.pk), lost=len(lost))


def _withdraw(publications: QuerySet[Publication]) -> int:
    return publications.filter(withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
