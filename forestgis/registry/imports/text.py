"""Text files of offices: UTF-8 with or without BOM, or cp932."""

from __future__ import annotations

from pathlib import Path

from forestgis.registry.domain.faults import Fault, RefusedError


def decoded(path: Path) -> str:
    """Decode a file: UTF-8 first, since cp932 text is next to never valid UTF-8.

    Raises
    ------
    RefusedError
        If it is neither, or some lines are the one and some the other (files that were pasted together).
    """
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    _check_not_mixed(path.name, raw)
    try:
        return raw.decode("cp932")
    except UnicodeDecodeError as error:
        raise RefusedError([Fault("encoding", path.name, detail=str(error))]) from error


def _check_not_mixed(file: str, raw: bytes) -> None:
    """Refuse a file that has lines of both encodings: cp932 would read UTF-8 as other characters without a word."""
    utf8: list[int] = []
    cp932: list[int] = []
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.isascii():
            continue
        (utf8 if _decodes(line, "utf-8") else cp932).append(number)
        if utf8 and cp932:
            break
    if utf8 and cp932 and _decodes(raw.split(b"\n")[cp932[0] - 1], "cp932"):
        line_number = max(utf8[0], cp932[0])
        detail = f"UTF-8: {utf8[0]}, cp932: {cp932[0]}"
        raise RefusedError([Fault("mixed_encoding", file, line_number, detail=detail)])


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
