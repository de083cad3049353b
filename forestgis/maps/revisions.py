"""Which topics each layer's rows come from, and the address part that names their state for one reader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from django.http import HttpRequest

from forestgis.maps.catalogue import BY_NAME
from forestgis.tenancy import revisions
from forestgis.tenancy.principal import Principal
from tiles.layer import Layer

_REGISTER = ("municipalities", "registry")
TOPICS: dict[str, tuple[str, ...]] = {
    "map_municipality": ("municipalities",),
    "map_forest": _REGISTER,
    "map_compartment": _REGISTER,
    "map_subcompartment": _REGISTER,
    "map_road": ("roads",),
    "map_hardwood": ("registry", "surveys"),
    "map_mesh20m": ("surveys",),
    "map_survey": ("surveys",),
    "map_register_difference": ("registry", "surveys"),
    "map_parcel": ("parcels",),
    "map_felling_notice": ("notices",),
    "map_treatment": ("notices",),
    "map_raster_product": ("surveys",),
}
"""Topics of the tables under each view that a layer reads."""
_READ = "_forestgis_revisions"


def remember_revisions(request: HttpRequest, numbers: Mapping[str, int]) -> None:
    """Let the view know what has been read already."""
    setattr(request, _READ, numbers)


def revisions_for(request: HttpRequest) -> Mapping[str, int]:
    """Return the revisions that hold for a request; read them before the rows, never after."""
    numbers: Mapping[str, int] | None = getattr(request, _READ, None)
    return revisions.read() if numbers is None else numbers


def state_of(layer: Layer, principal: Principal, numbers: Mapping[str, int]) -> str:
    """Return a short text that is another whenever the layer may look different to this reader.

    It is made of the revisions of the layer's topics, of the declaration, and of what the policies ask about the
    reader: two readers who may see different rows never share it.
    """
    whose = (principal.kind, principal.codes, principal.organisation_id)
    return _digest(layer.name, whose, revisions.of_topics(numbers, _topics(layer.name)))


# Both are asked for by name: the hash of a declaration goes through all of it.
@lru_cache(maxsize=10_000)
def _digest(name: str, *told: object) -> str:
    return hashlib.sha256(repr((BY_NAME[name], *told)).encode()).hexdigest()[:20]


@lru_cache(maxsize=256)
def _topics(name: str) -> tuple[str, ...]:
    """Return the topics of all that a layer reads, at every scale."""
    layer = BY_NAME[name]
    relations = [layer.source.relation]
    if not layer.is_raster:
        relations += [level.relation for level in layer.vector[0].levels]
    return tuple(sorted({topic for relation in relations for topic in TOPICS[relation]}))
