"""Features of a layer, read under the reader's map role and written by the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction

from forestgis.maps.access import map_alias
from forestgis.tenancy.principal import Principal, acting_as, current
from forestgis.tenancy.stream import Row, stream_batches
from tiles.features.query import FeatureQuery, Statement
from tiles.features.rows import RowWriter, geojson_row
from tiles.layer import Layer
from tiles.ogc.crs import Crs

COUNTED = 20_000
"""Rows up to which a page says how many match; counting a million for every page would cost more than the page."""
CHUNK = 1000


@dataclass(slots=True)
class FeaturePage:
    """A page of features as it is read; its counts are known when all of it has been.

    Attributes
    ----------
    last : sequence of str or None
        Values of the order and key of the last row read; the next page begins behind it.
    has_next : bool
    """

    query: FeatureQuery
    limit: int
    returned: int = 0
    last: Row = ()
    has_next: bool = False
    using: str = field(default_factory=map_alias)
    principal: Principal = field(default_factory=current)

    def texts(self, write: RowWriter, members: list[str], crs: Crs) -> Iterator[list[str]]:
        """Yield the rows. One more than the page is asked for: it tells whether there is a next page."""
        sql, params = self.query.page(write, members, crs, self.limit + 1)
        batches = stream_batches(
            sql, params, using=self.using, chunk=CHUNK, principal=self.principal
        )
        for rows in batches:
            kept = rows[: self.limit - self.returned]
            self.has_next = len(kept) < len(rows)
            self.returned += len(kept)
            if kept:
                self.last = kept[-1][1:]
                yield [row[0] for row in kept]

    def matched(self) -> int | None:
        """Return how many rows match on all pages; None where that is not known without counting many.

        It may be asked after the request has ended.
        """
        if self.query.after is not None:
            return None
        if not self.has_next:
            return self.returned
        bound = max(self.limit, COUNTED) + 1
        with acting_as(self.principal), transaction.atomic(using=self.using):
            count = int(_first(self.query.count(bound), self.using))
        return count if count < bound else None


def feature_text(layer: Layer, key: int, crs: Crs, members: list[str], *, using: str) -> str | None:
    """Return a feature as GeoJSON; None if there is none that the reader may see. Needs an open transaction."""
    found = _first(FeatureQuery(layer).feature(geojson_row, members, crs, key), using)
    return None if found is None else str(found)


def _first(statement: Statement, using: str) -> Any:  # noqa: ANN401
    with connections[using].cursor() as cursor:
        cursor.execute(*statement)
        row = cursor.fetchone()
    return row[0] if row else None
