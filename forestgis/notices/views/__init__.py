"""Pages of notices, treatments and plans."""
