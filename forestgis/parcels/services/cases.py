"""Papers about lots: received, decided once, and what follows from the decision. Each in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from forestgis.parcels import case_selectors
from forestgis.parcels.access import check_may_handle
from forestgis.parcels.domain.provision import Objection, objections
from forestgis.parcels.errors import BadValueError, DecidedError, ExpiryError, NotPermittedError
from forestgis.parcels.imports.ledger import LAND_COLUMNS
from forestgis.parcels.models import (
    Case,
    Correction,
    OwnerNotice,
    OwnerNoticeParcel,
    Parcel,
    ParcelOwner,
    Provision,
    ProvisionParcel,
)
from forestgis.tenancy.principal import current

AnyCase = TypeVar("AnyCase", bound=Case)
State, Role, Source, Basis = Case.State, ProvisionParcel.Role, ParcelOwner.Source, ParcelOwner.Basis


def receive_provision(
    provision: Provision, asked: Iterable[Parcel], own: Iterable[Parcel] = ()
) -> Provision:
    """Store an application with the lots that it asks for, and the applicant's own.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_handle(provision.municipality_id)
    with transaction.atomic():
        provision.save(force_insert=True)
        ProvisionParcel.objects.bulk_create(
            ProvisionParcel(
                provision=provision, municipality=provision.municipality, parcel=parcel, role=role
            )
            for role, parcels in ((Role.ASKED, asked), (Role.OWN, own))
            for parcel in parcels
        )
    return provision


def provide(provision: Provision, expires_on: date) -> Provision:
    """Give the lots of an application, for use until a day.

    Raises
    ------
    NotYoursError, DecidedError, ExpiryError
    NotPermittedError
        With every reason of `forestgis.parcels.domain.provision` and the lots it is about.
    """
    if expires_on < timezone.localdate():
        raise ExpiryError(day=expires_on)
    with transaction.atomic():
        case = _undecided(provision)
        found = objections(case_selectors.request_of(case))
        if found:
            raise NotPermittedError(reasons=_worded(found))
        return _decide(case, State.ACCEPTED, "", expires_on=expires_on)


def receive_owner_notice(notice: OwnerNotice, parcels: Iterable[Parcel]) -> OwnerNotice:
    """Store a notice of a new owner with its lots; the ledger changes when it is entered.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_handle(notice.municipality_id)
    with transaction.atomic():
        notice.save(force_insert=True)
        OwnerNoticeParcel.objects.bulk_create(
            OwnerNoticeParcel(notice=notice, municipality=notice.municipality, parcel=parcel)
            for parcel in parcels
        )
    return notice


def enter_owner(notice: OwnerNotice) -> OwnerNotice:
    """Put the new owner into the ledger: on each lot the present owners end and the new one begins.

    Where the notice states a share, it concerns one of several owners: only the former owner that it names ends.

    Raises
    ------
    NotYoursError, DecidedError
    """
    with transaction.atomic():
        case = _undecided(notice)
        today = timezone.localdate()
        for lot in case.lots.all():
            present = ParcelOwner.objects.filter(
                parcel=lot.parcel_id, basis=Basis.CURRENT, ended_on__isnull=True
            )
            if case.share:
                present = present.filter(name=case.former_name)
            present.update(ended_on=today)
            _begin_owner(
                case,
                lot.parcel_id,
                Source.NOTICE,
                name=case.name,
                address=case.address,
                share=case.share,
                acquired_on=case.acquired_on,
            )
        return _decide(case, State.ACCEPTED, "")


def receive_correction(correction: Correction) -> Correction:
    """Store a request for correction; the ledger changes when it is accepted.

    Raises
    ------
    NotYoursError, BadValueError
    """
    check_may_handle(correction.municipality_id)
    _corrected(correction)
    correction.save(force_insert=True)
    return correction


def accept_correction(correction: Correction) -> Correction:
    """Correct the ledger as a request asks.

    Raises
    ------
    NotYoursError, DecidedError, BadValueError
    """
    with transaction.atomic():
        case = _undecided(correction)
        if case.item == Correction.Item.OWNER:
            present = ParcelOwner.objects.filter(
                parcel=case.parcel_id, basis=Basis.CURRENT, ended_on__isnull=True
            )
            present.update(ended_on=timezone.localdate())
            _begin_owner(
                case,
                case.parcel_id,
                Source.CORRECTION,
                name=case.value,
                address=case.value_address,
            )
        else:
            parcel = Parcel.objects.get(pk=case.parcel_id)
            setattr(parcel, case.item, _corrected(case))
            parcel.save(update_fields=[case.item, "updated_at"])
        return _decide(case, State.ACCEPTED, "")


def refuse(case: AnyCase, reason: str) -> AnyCase:
    """Refuse a case, with the reason that is told to who handed it in.

    Raises
    ------
    NotYoursError, DecidedError
    """
    with transaction.atomic():
        return _decide(_undecided(case), State.REFUSED, reason)


def _undecided(case: AnyCase) -> AnyCase:
    """Lock a case that nobody has decided yet."""
    check_may_handle(case.municipality_id)
    locked = type(case)._default_manager.select_for_update().get(pk=case.pk)
    if not locked.open:
        raise DecidedError(number=locked.number, state=locked.get_state_display())
    return locked


def _decide(case: AnyCase, state: str, reason: str, **more: Any) -> AnyCase:  # noqa: ANN401
    values: Mapping[str, Any] = {
        "state": state,
        "reason": reason,
        "decided_on": timezone.localdate(),
        "decided_by_id": current().user_id,
        **more,
    }
    for name, value in values.items():
        setattr(case, name, value)
    model: Model = case
    model.save(update_fields=[name.removesuffix("_id") for name in values])
    return case


def _begin_owner(case: Case, parcel_id: int, source: str, **values: Any) -> None:  # noqa: ANN401
    ParcelOwner.objects.create(
        municipality_id=case.municipality_id,
        parcel_id=parcel_id,
        basis=Basis.CURRENT,
        source=source,
        source_note=case.number[:60],
        valid_from=timezone.localdate(),
        **values,
    )


def _corrected(correction: Correction) -> Any:  # noqa: ANN401 - a value of the item's field
    """Read the corrected value as the ledger's own import would."""
    columns = {column.field: column for column in LAND_COLUMNS}
    if correction.item not in columns:
        return correction.value
    try:
        return columns[correction.item].parse(correction.value)
    except ValueError as error:
        raise BadValueError(item=correction.get_item_display(), value=correction.value) from error


def _worded(found: Iterable[Objection]) -> str:
    lots = {pk for objection in found for pk in objection.lots}
    names = {parcel.pk: str(parcel) for parcel in case_selectors.named(lots)}
    return "".join(
        f"{objection.reason.label}"
        + (
            f"：{'、'.join(sorted(names.get(pk, '') for pk in objection.lots))}"
            if objection.lots
            else ""
        )
        + "。"
        for objection in found
    )
