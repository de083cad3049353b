"""Rules of the road ledger as pure functions."""
