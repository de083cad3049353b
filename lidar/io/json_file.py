"""JSON files that every reader takes, the same bytes for the same content."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a dictionary as JSON: keys sorted, nan and infinity as null.

    Parameters
    ----------
    path : Path
    content : dict
        May hold NumPy numbers and tuples.
    """
    text = json.dumps(
        _plain(content), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False
    )
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
