"""Tiles that were made, kept in the memory of this process until there are too many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock


class TileStore:
    """The most recently used answers up to so many bytes; threads may share it.

    Parameters
    ----------
    max_bytes : int
        Of contents; the oldest are thrown out first.
    """

    _OVERHEAD = 300  # of a key and its entry, so that empty tiles are not free

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> bytes | None:
        """Return what was kept under the key, if it still is."""
        with self._lock:
            content = self._kept.get(key)
            if content is not None:
                self._kept.move_to_end(key)
            return content

    def put(self, key: Hashable, content: bytes) -> None:
        """Keep a content; one that is larger than all room is not kept."""
        if len(content) + self._OVERHEAD > self._max_bytes:
            return
        with self._lock:
            self._forget(self._kept.pop(key, None))
            self._kept[key] = content
            self._bytes += len(content) + self._OVERHEAD
            while self._bytes > self._max_bytes:
                self._forget(self._kept.popitem(last=False)[1])

    def _forget(self, content: bytes | None) -> None:
        if content is not None:
            self._bytes -= len(content) + self._OVERHEAD
