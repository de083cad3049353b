"""Writes to the ledger; each in one transaction of the acting principal."""
