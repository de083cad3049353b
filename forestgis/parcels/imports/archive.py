"""XML documents of an upload: the file itself, or those of a ZIP of ZIPs as the Ministry of Justice publishes it.

Nothing is unpacked to disk, so that names in an archive lead nowhere; what is unpacked in memory is counted.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from forestgis.parcels.domain import faults as _words  # noqa: F401 - declares the words of the faults
from forestgis.registry.domain.faults import Fault, RefusedError

_ZIP = b"PK\x03\x04"
_MEGABYTE = 2**20
#: The largest map of a municipality district is some 60 MB of XML.
DOCUMENT_LIMIT = 200 * _MEGABYTE
TOTAL_LIMIT = 2000 * _MEGABYTE
_MEMBER_LIMIT = 5000

Document = tuple[str, bytes]


def documents(path: Path, name: str) -> Iterator[Document]:
    """Yield name and content of each XML document.

    Parameters
    ----------
    path : Path
        The uploaded file; what it is, its content says and not its name.
    name : str
        As the user calls it, for faults.

    Raises
    ------
    RefusedError
        If it is a broken archive, holds no XML, or is larger unpacked than any real one.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head != _ZIP:
        if path.stat().st_size > DOCUMENT_LIMIT:
            raise _too_large(name, DOCUMENT_LIMIT)
        yield name, path.read_bytes()
        return
    budget = _Budget(name)
    found = False
    with path.open("rb") as file:
        for document in _unpacked(file, name, budget, nested=True):
            found = True
            yield document
    if not found:
        raise RefusedError([Fault("map_archive", name, detail=_("XMLが入っていません"))])


class _Budget:
    """What an archive may still unpack to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bytes_left = TOTAL_LIMIT
        self.members_left = _MEMBER_LIMIT

    def spend(self, size: int) -> None:
        self.bytes_left -= size
        self.members_left -= 1
        if self.bytes_left < 0:
            raise _too_large(self.name, TOTAL_LIMIT)
        if self.members_left < 0:
            detail = _("ファイルが%(limit)s個より多い") % {"limit": _MEMBER_LIMIT}
            raise RefusedError([Fault("map_archive", self.name, detail=detail)])


def _unpacked(file: io.IOBase, name: str, budget: _Budget, *, nested: bool) -> Iterator[Document]:
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                suffix = PurePosixPath(member.filename).suffix.lower()
                if suffix == ".xml":
                    yield PurePosixPath(member.filename).name, _read(archive, member, budget)
                elif suffix == ".zip" and nested:
                    inner = io.BytesIO(_read(archive, member, budget))
                    yield from _unpacked(inner, member.filename, budget, nested=False)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise RefusedError([Fault("map_archive", name, detail=str(error))]) from error


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> bytes:
    """Read a member, whatever size it claims to have."""
    with archive.open(member) as file:
        content = file.read(DOCUMENT_LIMIT + 1)
    if len(content) > DOCUMENT_LIMIT:
        raise _too_large(member.filename, DOCUMENT_LIMIT)
    budget.spend(len(content))
    return content


def _too_large(name: str, limit: int) -> RefusedError:
    detail = _("%(limit)s MBまで") % {"limit": limit // _MEGABYTE}
    return RefusedError([Fault("too_large", name, detail=detail)])
