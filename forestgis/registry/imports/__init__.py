"""Readers of what others publish: files in, plain rows and faults out; nothing is stored here."""
