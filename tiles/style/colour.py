"""Colours as `#rrggbb` and their other spellings, and the ramps that layers use."""

from __future__ import annotations

import re

from tiles.errors import DeclarationError

_HEX = re.compile(r"#[0-9a-f]{6}")

# ColorBrewer 2.0 (Cynthia Brewer, Apache-2.0): sequential ramps that stay ordered by lightness, so that readers who
# confuse red and green, and a black-and-white print, keep the order.
YELLOW_GREEN = ("#ffffcc", "#d9f0a3", "#addd8e", "#78c679", "#41ab5d", "#238443", "#005a32")
PURPLE_BLUE = ("#f1eef6", "#d0d1e6", "#a6bddb", "#74a9cf", "#3690c0", "#0570b0", "#034e7b")
YELLOW_BROWN = ("#ffffd4", "#fed98e", "#fe9929", "#d95f0e", "#993404")
# Diverging: purple where the value is below nothing, green where above.
PURPLE_GREEN = ("#762a83", "#af8dc3", "#e7d4e8", "#f7f7f7", "#d9f0d3", "#7fbf7b", "#1b7837")
# Samples of matplotlib's viridis (CC0), light to dark.
HEIGHT = ("#f0f0f0", "#fde725", "#a0da39", "#4ac16d", "#1fa187", "#277f8e", "#365c8d", "#46327e")
# Okabe and Ito (2008), "Color Universal Design": told apart with every common kind of colour vision.
ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
)


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of `#rrggbb`.

    Raises
    ------
    DeclarationError
        If `colour` is not six lower-case hexadecimal digits after `#`.
    """
    if not _HEX.fullmatch(colour):
        raise DeclarationError(f"colour {colour!r} is not written #rrggbb", colour=colour)
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
