"""Rules of the ledger as pure functions: lot numbers, who is given what."""
