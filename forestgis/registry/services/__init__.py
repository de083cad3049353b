"""Writes to the register; each in one transaction of the acting principal."""

from forestgis.registry.services.codes import load_codes
from forestgis.registry.services.imports import Terms, import_files, import_register
from forestgis.registry.services.places import load_municipalities, municipality

__all__ = [
    "Terms",
    "import_files",
    "import_register",
    "load_codes",
    "load_municipalities",
    "municipality",
]
