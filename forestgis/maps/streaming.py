"""Answers that are sent while the database writes them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from itertools import islice

from django.http import StreamingHttpResponse

Chunks = Generator[bytes, None, None]


def streamed(
    chunks: Chunks, content_type: str, headers: Mapping[str, str] | None = None
) -> StreamingHttpResponse:
    """Return the response of a stream whose head and first rows have been read.

    What the database refuses is raised here, while it can still become an error answer.
    """
    begun = list(islice(chunks, 2))
    return StreamingHttpResponse(
        _resumed(begun, chunks), content_type=content_type, headers=headers
    )


def _resumed(begun: list[bytes], chunks: Chunks) -> Iterator[bytes]:
    with closing(chunks):
        yield from begun
        yield from chunks
