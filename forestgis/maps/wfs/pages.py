"""Pages of features: how many rows match, and the statement that gives a page's rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from gisserver.exceptions import wrap_filter_errors
from gisserver.output import FeatureCollection, SimpleFeatureCollection

from forestgis.maps.features import COUNTED
from forestgis.tenancy.stream import Params
from tiles.features.rows import RowWriter, placed
from tiles.layer import Field, Layer
from tiles.ogc.crs import Crs


class Page(SimpleFeatureCollection):  # type: ignore[misc]
    """Rows `start` to `stop` of a query. The order ends with the key, so that pages neither repeat nor lose a row."""

    @property
    def layer(self) -> Layer:
        """The layer that it is of."""
        layer: Layer = self.feature_types[0].layer
        return layer

    @cached_property
    def _counted(self) -> tuple[int, bool]:
        """Rows that match, counted a little beyond the page; whether that is all of them."""
        bound = max(self.stop, COUNTED) + 1
        with wrap_filter_errors(self.source_query), transaction.atomic(using=self.queryset.db):
            count = self.queryset.order_by()[:bound].count()
        return count, count < bound

    @property
    def number_matched(self) -> int | None:
        """Rows that match; None where that is not known without counting many."""
        if self._is_hits_request:
            matched: int = self._number_matched
            return matched
        count, is_all = self._counted
        return count if is_all else None

    @property
    def number_returned(self) -> int:
        """Rows in the page; zero of a page that is only counted."""
        return 0 if self._is_hits_request else max(0, min(self._counted[0], self.stop) - self.start)

    @property
    def has_next(self) -> bool:
        """Whether rows follow."""
        if self.stop == math.inf or self.start == self.stop == 0:
            return False
        matched = self._number_matched if self._is_hits_request else self._counted[0]
        return bool(matched > self.stop)

    def statement(
        self, write: RowWriter, members: list[str], crs: Crs
    ) -> tuple[str, Params] | None:
        """Return the statement whose rows hold the text of a feature each; None if none can match."""
        text = RawSQL(write(self.layer, members, crs), ())  # noqa: S611 (made of declared names alone)
        return _compiled(self._page().annotate(row_text=text).values_list("row_text"))

    def columns(self, fields: Sequence[Field], crs: Crs) -> tuple[str, Params] | None:
        """Return the statement whose rows hold geometry as WKB and the values of fields; None if none can match."""
        binary = RawSQL(f"ST_AsBinary({placed(self.layer, crs)})", ())  # noqa: S611 (declared names)
        names = [field.name for field in fields]
        return _compiled(self._page().annotate(row_wkb=binary).values_list("row_wkb", *names))

    def _page(self) -> QuerySet[Any]:
        """Return the page's rows.

        Rows that are skipped would be written too; in the order of the key the page begins at a key instead.
        """
        queryset: QuerySet[Any] = self.queryset
        stop = None if self.stop == math.inf else self.stop
        if self.start == 0 or queryset.query.order_by:
            return queryset[self.start : stop]
        with wrap_filter_errors(self.source_query), transaction.atomic(using=queryset.db):
            first = queryset.values_list("pk", flat=True)[self.start : self.start + 1].first()
        if first is None:
            return queryset.none()
        return queryset.filter(pk__gte=first)[: None if stop is None else stop - self.start]


def _compiled(queryset: QuerySet[Any]) -> tuple[str, Params] | None:
    try:
        sql, params = queryset.query.get_compiler(queryset.db).as_sql()
    except EmptyResultSet:
        return None
    return sql, params


class Pages(FeatureCollection):  # type: ignore[misc]
    """Pages of several queries."""

    @property
    def number_matched(self) -> int | None:
        """Rows that match all of the queries together; None where not known."""
        counts = [page.number_matched for page in self.results]
        return None if None in counts else sum(counts)

    @property
    def has_next(self) -> bool:
        """Whether rows of any query follow."""
        return any(page.has_next for page in self.results)
