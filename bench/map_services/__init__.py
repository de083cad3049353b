"""Parts of `bench/maps.py`, one protocol each."""
