"""Documents around rows that are written already."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping


def feature_collection(
    head: Mapping[str, object],
    batches: Iterable[list[str]],
    tail: Callable[[int], Mapping[str, object | None]],
) -> Generator[bytes, None, None]:
    """Yield a GeoJSON feature collection in chunks; the first is its head alone.

    Parameters
    ----------
    head : further members, known before the first feature
    batches : texts of features
    tail : gives further members when the number of features is known; those that are None are left out
    """
    opening = json.dumps({"type": "FeatureCollection", **head}, ensure_ascii=False)
    yield f'{opening[:-1]}, "features": [\n'.encode()
    returned = 0
    for texts in batches:
        if texts:
            yield (",\n" if returned else "").encode() + ",\n".join(texts).encode()
            returned += len(texts)
    members = {name: value for name, value in tail(returned).items() if value is not None}
    yield f"\n], {json.dumps(members, ensure_ascii=False)[1:]}\n".encode()
