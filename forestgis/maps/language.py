"""Texts of declarations in the reader's language."""

from __future__ import annotations

from django.utils.translation import get_language

from tiles.layer import Text


def spoken(text: Text) -> str:
    """Return a text in English if the reader reads English, else in Japanese."""
    return text.en if (get_language() or "ja").startswith("en") else text.ja
