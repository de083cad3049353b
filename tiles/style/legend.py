"""The legend of a layer, from the same classes as its map."""

from __future__ import annotations

from typing import TypedDict

from tiles.layer import Layer
from tiles.style.model import RasterStyle, StyleClass


class Entry(TypedDict):
    """One line of a legend."""

    color: str
    label_ja: str
    label_en: str
    symbol: str
    outline: str | None
    width_px: float


def legend(layer: Layer) -> list[Entry]:
    """Return the legend's lines, in drawing order; empty for a grey picture such as a hillshade."""
    return [_entry(entry, layer) for entry in layer.style.classes]


def _entry(entry: StyleClass, layer: Layer) -> Entry:
    symbol, outline = entry.symbol, entry.symbol.outline
    kind = "raster" if isinstance(layer.style, RasterStyle) else ("area" if symbol.fill else "line")
    return Entry(
        color=symbol.colour,
        label_ja=entry.label.ja,
        label_en=entry.label.en,
        symbol=kind,
        outline=outline.colour if outline else None,
        width_px=outline.width_px if outline else 0.0,
    )
