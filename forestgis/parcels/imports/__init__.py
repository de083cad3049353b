"""Files of the ledger as rows: cadastral maps (登記所備付地図), ledger and owner tables."""
