"""Words of a MapServer map file: strings, blocks, and the classes of a style."""

from __future__ import annotations

from tiles.errors import DeclarationError
from tiles.style.colour import rgb
from tiles.style.model import Between, Label, OneOf, StyleClass, Symbol, Test

# Scale denominator of zoom 0 with 512-pixel tiles, by the standard's 0.28 mm pixel (OGC 17-083r2, annex D).
SCALE_AT_ZOOM_0 = 559082264.0287178 / 2


def scale_denominator(minzoom: float) -> float:
    """Return the scale from which on a layer with this lowest zoom is drawn."""
    return SCALE_AT_ZOOM_0 / 2**minzoom


def quoted(text: str) -> str:
    """Return a map file string.

    Raises
    ------
    DeclarationError
        If the text holds a double quote, a line break or a percent sign: the first two end the string, and between
        two percent signs MapServer puts values from the request.
    """
    if any(char in text for char in '"\n\r%\\'):
        raise DeclarationError(f"{text!r} cannot be written into a map file", text=text)
    return f'"{text}"'


def block(keyword: str, *lines: str) -> str:
    """Return a block of the map file: keyword, indented lines, END."""
    return "\n".join([keyword, *(indent(line) for line in lines), "END"])


def indent(text: str) -> str:
    """Return the text with every line moved two columns to the right."""
    return "\n".join(f"  {line}" for line in text.splitlines())


def style_class(
    entry: StyleClass, field_name: str | None, label: Label | None, *, area: bool
) -> str:
    """Return the CLASS block of one class, its test on `field_name` and its label."""
    expression = _expression(field_name, entry.test)
    return block(
        "CLASS",
        f"NAME {quoted(entry.label.ja)}",
        *([f"EXPRESSION ({expression})"] if expression else []),
        *_symbols(entry.symbol, area=area),
        *([_label(label, along=not area)] if label else []),
    )


def _expression(name: str | None, test: Test) -> str:
    if isinstance(test, OneOf):
        return " OR ".join(f"{quoted(f'[{name}]')} = {quoted(value)}" for value in test.values)
    if not isinstance(test, Between):
        return ""
    # An empty text would count as 0. Pixels are never missing here: the driver leaves nodata out before.
    present = [] if name == "pixel" else [f"{quoted(f'[{name}]')} != {quoted('')}"]
    low = [] if test.lower is None else [f"[{name}] >= {test.lower:g}"]
    high = [] if test.upper is None else [f"[{name}] < {test.upper:g}"]
    return " AND ".join([*present, *low, *high])


def _symbols(symbol: Symbol, *, area: bool) -> list[str]:
    styles = []
    if symbol.fill:
        styles.append(block("STYLE", f"COLOR {_rgb(symbol.fill)}"))
    if symbol.outline:
        key = "OUTLINECOLOR" if area else "COLOR"
        width = f"WIDTH {symbol.outline.width_px:g}"
        styles.append(block("STYLE", f"{key} {_rgb(symbol.outline.colour)}", width))
    return styles


def _label(label: Label, *, along: bool) -> str:
    return block(
        "LABEL",
        "TYPE TRUETYPE",
        'FONT "sans"',
        # MapServer counts points at 72 to the inch where the web counts pixels at 96.
        f"SIZE {label.size_px * 0.75:g}",
        f"COLOR {_rgb(label.colour)}",
        f"OUTLINECOLOR {_rgb(label.halo)}",
        "OUTLINEWIDTH 2",
        f"MAXSCALEDENOM {scale_denominator(label.minzoom):.3f}",
        *(
            []
            if label.maxzoom is None
            else [f"MINSCALEDENOM {scale_denominator(label.maxzoom):.3f}"]
        ),
        "ANGLE FOLLOW" if along else "POSITION CC",
    )


def _rgb(colour: str) -> str:
    return " ".join(map(str, rgb(colour)))
