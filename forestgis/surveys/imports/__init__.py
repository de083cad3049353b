"""Readers of survey files; nothing is stored here."""
