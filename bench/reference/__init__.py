"""Judging methods against reference data; tests hold the same figures to their limits."""
