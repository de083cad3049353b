"""Stages of a run in words, by the names that the engine reports."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_WORDS = {
    "inspect": gettext_noop("点群の検査"),
    "read": gettext_noop("点群の読込み"),
    "tiles": gettext_noop("地面と樹冠の計算"),
    "volume": gettext_noop("材積の推定"),
    "write": gettext_noop("成果品の書出し"),
    "done": gettext_noop("保存"),
}


def stage_words(stage: str) -> str:
    """Say a stage in the language of the moment; a stage without words as it is."""
    words = _WORDS.get(stage)
    return _(words) if words else stage
