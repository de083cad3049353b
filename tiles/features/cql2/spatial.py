"""Spatial comparisons of CQL2, asked of the spatial index first."""

from __future__ import annotations

from tiles.features.cql2.fragment import Fragment
from tiles.features.cql2.values import Scope
from tiles.features.spatial import in_reach

FUNCTIONS = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}


def spatial(operator: str, left: Fragment, right: Fragment, scope: Scope) -> Fragment:
    """Return the comparison of two geometries in EPSG:6668."""
    exact = f"{FUNCTIONS[operator]}({left.sql}, {right.sql})"
    params = left.params + right.params
    source, _ = scope.layer.vector
    others = [side for side in (left, right) if side.sql != source.geom]
    if operator == "s_disjoint" or len(others) != 1:
        return Fragment(f"({exact})", params)
    [other] = others
    reach = in_reach(source.geom_3857, other.sql)
    return Fragment(f"({reach} AND {exact})", (*other.params, *params))
