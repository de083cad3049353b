"""What kind of file something is, by its content and not by its name."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

LIMIT_MB = 20


@dataclass(frozen=True, slots=True)
class Media:
    """A kind of file that is taken."""

    type: str
    suffixes: tuple[str, ...]


PDF = Media("application/pdf", (".pdf",))
PNG = Media("image/png", (".png",))
JPEG = Media("image/jpeg", (".jpg", ".jpeg"))
TIFF = Media("image/tiff", (".tif", ".tiff"))
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = Media(f"{_OFFICE}.wordprocessingml.document", (".docx",))
XLSX = Media(f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",))
ALL = (PDF, PNG, JPEG, TIFF, DOCX, XLSX)
_SIGNATURES = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
)
_OFFICE_PARTS = (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX))
# A macro in a paper that goes from desk to desk helps nobody.
_MACROS = ("vbaProject.bin",)


class UnknownMediaError(ValueError):
    """The content is of no kind that is taken."""


class OtherMediaError(ValueError):
    """The name says another kind than the content is."""


def media_of(content: bytes) -> Media:
    """Return the kind of a content.

    Raises
    ------
    UnknownMediaError
        If it is none of `ALL`, or an office document with macros.
    """
    for signature, media in _SIGNATURES:
        if content.startswith(signature):
            return media
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    raise UnknownMediaError


def _office(content: bytes) -> Media:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise UnknownMediaError from error
    if any(name.endswith(_MACROS) for name in names):
        raise UnknownMediaError
    for part, media in _OFFICE_PARTS:
        if part in names:
            return media
    raise UnknownMediaError


def checked(name: str, content: bytes) -> Media:
    """Return the kind of a file whose name agrees with its content.

    Raises
    ------
    UnknownMediaError, OtherMediaError
    """
    media = media_of(content)
    if PurePosixPath(name).suffix.lower() not in media.suffixes:
        raise OtherMediaError(media.type)
    return media
