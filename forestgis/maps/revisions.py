"""Which topics each layer's rows come from, and the address part that names their state for one reader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from django.http import HttpRequest

from forestgis.maps.catalogue import LAYERS
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
    told = (
        _declaration(layer.name),
        principal.kind,
        principal.codes,
        principal.organisation_id,
        revisions.of_topics(numbers, topics_of(layer)),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:20]


def topics_of(layer: Layer) -> tuple[str, ...]:
    """Return the topics of all that a layer reads, at every scale."""
    relations = [layer.source.relation]
    if not layer.is_raster:
        relations += [level.relation for level in layer.vector[0].levels]
    return tuple(sorted({topic for relation in relations for topic in TOPICS[relation]}))


@lru_cache(maxsize=256)
def _declaration(name: str) -> str:
    """Return a digest of a layer's declaration, so that a new release's tiles are new ones."""
    layer = next(layer for layer in LAYERS if layer.name == name)
    return hashlib.sha256(repr(layer).encode()).hexdigest()[:12]
