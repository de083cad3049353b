"""Which year's register a municipality works with: go to another, go back, withdraw."""

from __future__ import annotations

from django.db import transaction

from forestgis.registry.models import Edition


class EditionError(Exception):
    """The edition cannot be used so; nothing was changed."""

    code = "edition"


def make_current(municipality_code: str, year: int) -> Edition:
    """Let maps, cards and searches use this year's register; the one used before stays loaded.

    Returns
    -------
    Edition
        Now current.

    Raises
    ------
    Edition.DoesNotExist
        If that year is not loaded, or not the acting principal's.
    """
    with transaction.atomic():
        # In the order of the key: two people who do this at once come one after the other.
        editions = list(
            Edition.objects.select_for_update()
            .filter(municipality=municipality_code)
            .order_by("year")
        )
        chosen = next((edition for edition in editions if edition.year == year), None)
        if chosen is None:
            raise Edition.DoesNotExist(f"{municipality_code} {year}")
        for edition in editions:
            if edition.state == Edition.State.CURRENT and edition != chosen:
                _set_state(edition, Edition.State.LOADED)
        _set_state(chosen, Edition.State.CURRENT)
    return chosen


def withdraw(municipality_code: str, year: int) -> Edition:
    """Take a year out of use without deleting it; `make_current` brings it back.

    Raises
    ------
    EditionError
        If it is the current one: another has to be made current first.
    """
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(municipality=municipality_code, year=year)
        if edition.state == Edition.State.CURRENT:
            raise EditionError(f"{year}: the current edition cannot be withdrawn")
        _set_state(edition, Edition.State.WITHDRAWN)
    return edition


def _set_state(edition: Edition, state: Edition.State) -> None:
    if edition.state != state:
        edition.state = state
        edition.save(update_fields=["state"])
