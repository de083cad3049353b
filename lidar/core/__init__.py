"""Pure functions on arrays: ground, surface, metrics, trees, strata, volume, totals."""
