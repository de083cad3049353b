"""What a style is: classes with a test and a symbol, and a label.

Every protocol draws from these same classes, so legend and map cannot differ. Class limits are half open
(lower <= value < upper) in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tiles.errors import DeclarationError
from tiles.style.colour import rgb


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the two languages of the interface."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Between:
    """True where lower <= value < upper; None leaves that side open. Never true of a missing value."""

    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """True where the value is one of these texts."""

    values: tuple[str, ...]


Test = Between | OneOf | None
"""Which features a class draws; None draws all."""


@dataclass(frozen=True, slots=True)
class Line:
    """A stroke, width in pixels of 1/96 inch."""

    colour: str
    width_px: float = 1.0

    def __post_init__(self) -> None:
        rgb(self.colour)


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one class is drawn: an area by `fill` and `outline`, a line by `outline` alone."""

    fill: str | None = None
    outline: Line | None = None

    def __post_init__(self) -> None:
        if self.fill is not None:
            rgb(self.fill)

    @property
    def colour(self) -> str:
        """Colour that a legend shows: the fill, else the outline.

        Raises
        ------
        DeclarationError
            If the symbol draws nothing.
        """
        if self.fill is not None:
            return self.fill
        if self.outline is None:
            raise DeclarationError("a symbol needs a fill or an outline")
        return self.outline.colour


@dataclass(frozen=True, slots=True)
class StyleClass:
    """One entry of the legend: what it is called, what it is drawn with, which values it holds."""

    label: Text
    symbol: Symbol
    test: Test = None


@dataclass(frozen=True, slots=True)
class Label:
    """Text drawn on features from `minzoom` on, and below `maxzoom`."""

    field: str
    minzoom: float
    maxzoom: float | None = None
    size_px: int = 12
    colour: str = "#222222"
    halo: str = "#ffffff"


@dataclass(frozen=True, slots=True)
class VectorStyle:
    """Classes over one field (None: one class for all), fill opacity 0 to 1, and labels."""

    classes: tuple[StyleClass, ...]
    field: str | None = None
    opacity: float = 1.0
    label: Label | None = None

    def __post_init__(self) -> None:
        if (self.field is None) != all(entry.test is None for entry in self.classes):
            raise DeclarationError("a style names a field exactly when its classes test one")


@dataclass(frozen=True, slots=True)
class RasterStyle:
    """Classes over the pixel value; without classes the file is the picture: greys, or red, green and blue, 0 to 255."""

    classes: tuple[StyleClass, ...] = ()
    opacity: float = 1.0
    bands: int = 1

    def __post_init__(self) -> None:
        if not all(isinstance(entry.test, Between) for entry in self.classes):
            raise DeclarationError("classes of a raster style hold ranges of values")
        if self.bands not in (1, 3) or (self.classes and self.bands != 1):
            raise DeclarationError("a raster has one band, or three that are a picture")

    @property
    def is_picture(self) -> bool:
        """True if the file itself is the picture."""
        return not self.classes


def single(label: Text, symbol: Symbol) -> tuple[StyleClass, ...]:
    """Return one class for all features."""
    return (StyleClass(label, symbol),)


def graduated(
    limits: Sequence[float], colours: Sequence[str], unit: str, outline: Line | None = None
) -> tuple[StyleClass, ...]:
    """Return classes below the first limit, between the limits, and from the last limit on.

    Parameters
    ----------
    limits : ascending numbers, n of them
    colours : n + 1 colours, lowest class first
    unit : str
        Written behind the numbers of each class.
    outline : Line, optional
        Drawn around each area.

    Raises
    ------
    DeclarationError
        If the limits do not ascend or the colours are not one more.
    """
    if list(limits) != sorted(set(limits)) or len(colours) != len(limits) + 1:
        raise DeclarationError(f"{len(colours)} colours for the limits {list(limits)}")
    edges = [None, *limits, None]
    return tuple(
        StyleClass(_range_text(lower, upper, unit), Symbol(colour, outline), Between(lower, upper))
        for (lower, upper), colour in zip(pairwise(edges), colours, strict=True)
    )


def _range_text(lower: float | None, upper: float | None, unit: str) -> Text:
    if lower is None:
        return Text(f"{upper:g} {unit}未満", f"under {upper:g} {unit}")
    if upper is None:
        return Text(f"{lower:g} {unit}以上", f"{lower:g} {unit} and more")
    return Text(f"{lower:g}～{upper:g} {unit}", f"{lower:g} to {upper:g} {unit}")
