"""Writes of notices, treatments and plans; each in one transaction of the acting principal."""
