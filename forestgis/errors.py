"""The base of what can be wrong with a request, in the user's words."""

from __future__ import annotations

from typing import Any, ClassVar


class ProductError(Exception):
    """Base: `code` for programs, `fields` by name, text in the language of the moment.

    Nothing has been stored when one is raised.
    """

    code: ClassVar[str] = "error"
    words: ClassVar[Any] = ""

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.fields = fields

    def __str__(self) -> str:
        return str(self.words) % self.fields
