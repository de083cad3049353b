"""Readers of road files: rows and faults, nothing is stored here."""
