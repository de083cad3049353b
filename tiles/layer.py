"""What a layer is, told once; tiles, WMS, WFS, legend and styles are all derived from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tiles.errors import DeclarationError
from tiles.style.model import Label, RasterStyle, Text, VectorStyle

__all__ = [
    "Bounds",
    "Field",
    "FieldType",
    "Geometry",
    "Layer",
    "Level",
    "RasterSource",
    "Sharing",
    "Text",
    "VectorSource",
]

Bounds = tuple[float, float, float, float]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def _checked(name: str) -> str:
    """Return the name if it can be a table, column, XML element and URL part as it stands."""
    if not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{name!r} is no name for a layer, table or field: use a-z, 0-9 and _", name=name
        )
    return name


class FieldType(StrEnum):
    """Types that every protocol and client can carry without a schema from elsewhere."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    BOOLEAN = "boolean"


class Geometry(StrEnum):
    """Kinds of geometry as the tables store them."""

    MULTIPOLYGON = "multipolygon"
    POLYGON = "polygon"
    MULTILINESTRING = "multilinestring"

    @property
    def is_area(self) -> bool:
        """True of polygons."""
        return self in (Geometry.MULTIPOLYGON, Geometry.POLYGON)


class Sharing(StrEnum):
    """Who may know that a layer exists; which rows are seen is the database's matter."""

    PUBLIC = "public"
    MUNICIPAL = "municipal"
    PREFECTURE = "prefecture"

    def open_to(self, kind: str) -> bool:
        """Tell whether a principal of this kind (public, municipal, prefecture) may use the layer."""
        order = ["public", "municipal", "prefecture"]
        return kind in order and order.index(kind) >= order.index(self.value)


@dataclass(frozen=True, slots=True)
class Field:
    """A column that readers may see.

    Attributes
    ----------
    decimals : int
        Digits after the point that every protocol shows (DECIMAL only).
    length : int
        Longest text (TEXT only), for schemas.
    """

    name: str
    label: Text
    type: FieldType = FieldType.TEXT
    unit: str = ""
    decimals: int = 1
    length: int = 120

    def __post_init__(self) -> None:
        _checked(self.name)


@dataclass(frozen=True, slots=True)
class Level:
    """What stands for a layer at zooms where its features cannot be told apart: fewer, simpler shapes.

    Attributes
    ----------
    below : int
        Zoom of 512-pixel tiles from which on something finer is drawn.
    relation : str
        View with the source's key and the layer's fields of the names in `fields`.
    geom_3857 : str
        Its stored, indexed geometry in web Mercator, simplified for zoom `below` - 1.
    fields : tuple of str
        The layer's fields that it has; the style's own among them.
    """

    below: int
    relation: str
    geom_3857: str
    fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.relation, self.geom_3857, *self.fields):
            _checked(name)


@dataclass(frozen=True, slots=True)
class VectorSource:
    """A view with a unique whole-number key, a stored geometry and the same in web Mercator.

    Areas with labels have the place of the label too: a point inside of them, in web Mercator.

    Attributes
    ----------
    levels : tuple of Level, finest first
        What is drawn in place of the features at small scales.
    """

    relation: str
    geometry: Geometry
    key: str = "fid"
    geom: str = "geom"
    srid: int = 6668
    geom_3857: str = "geom_3857"
    label_3857: str = "label_3857"
    levels: tuple[Level, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.relation, self.key, self.geom, self.geom_3857, self.label_3857):
            _checked(name)
        zooms = [level.below for level in self.levels]
        if zooms != sorted(set(zooms), reverse=True):
            raise DeclarationError(f"levels of {self.relation} are not finest first: {zooms}")

    def level_at(self, z: int) -> Level | None:
        """Return what stands for the features at a zoom; None where they are drawn themselves."""
        return next((level for level in reversed(self.levels) if z < level.below), None)

    @property
    def detail_minzoom(self) -> int:
        """Zoom from which on the features themselves are drawn."""
        return self.levels[0].below if self.levels else 0


@dataclass(frozen=True, slots=True)
class RasterSource:
    """All products of one kind in a view with the columns fid, kind, path, epsg, footprint_3857.

    Each file states its own nodata value.

    Attributes
    ----------
    value_range : tuple of float
        Lowest and highest value that can occur, for readers that scale.
    """

    kind: str
    value_range: tuple[float, float]
    relation: str = "map_raster_product"

    def __post_init__(self) -> None:
        _checked(self.kind)
        _checked(self.relation)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the map.

    Attributes
    ----------
    minzoom, maxzoom : int
        Web map zoom levels of 512-pixel tiles between which tiles exist; above `maxzoom` clients stretch tiles.
    caution : Text, optional
        What a reader must know beside the legend.
    visible : bool
        Whether the map page shows it at first.
    bounds : tuple of float, optional
        West, south, east, north in degrees of all that it can hold, stated because asking would read every row; None
        of what is computed from surveys, which may lie anywhere and whose extent depends on the reader.
    writable : tuple of str
        Fields that readers with the right to write may change through OGC API - Features, the geometry with them;
        empty of layers that are read only.
    """

    name: str
    title: Text
    group: Text
    source: VectorSource | RasterSource
    style: VectorStyle | RasterStyle
    attribution: Text
    fields: tuple[Field, ...] = ()
    unit: str = ""
    minzoom: int = 0
    maxzoom: int = 16
    sharing: Sharing = Sharing.MUNICIPAL
    caution: Text | None = None
    visible: bool = True
    bounds: Bounds | None = None
    writable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _checked(self.name)
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise DeclarationError(f"layer {self.name}: a field is declared twice", layer=self.name)
        if unknown := set(self.writable) - set(names):
            raise DeclarationError(
                f"layer {self.name}: writable {sorted(unknown)}, not declared as fields",
                layer=self.name,
            )
        if isinstance(self.source, RasterSource) != isinstance(self.style, RasterStyle):
            raise DeclarationError(
                f"layer {self.name}: rasters take a raster style, vectors a vector style",
                layer=self.name,
            )
        if isinstance(self.style, VectorStyle):
            missing = _names_used(self.style) - set(names)
            if missing:
                raise DeclarationError(
                    f"layer {self.name}: the style uses {sorted(missing)}, not declared as fields",
                    layer=self.name,
                )
        if isinstance(self.source, VectorSource) and isinstance(self.style, VectorStyle):
            _check_levels(self.name, self.source, self.style, set(names))

    @property
    def label_layer(self) -> str | None:
        """Name of the layer of label points inside the vector tiles; None without labelled areas."""
        if isinstance(self.source, RasterSource) or not isinstance(self.style, VectorStyle):
            return None
        labelled = self.style.label is not None and self.source.geometry.is_area
        return f"{self.name}_label" if labelled else None

    @property
    def is_raster(self) -> bool:
        """True of raster layers."""
        return isinstance(self.source, RasterSource)

    @property
    def vector(self) -> tuple[VectorSource, VectorStyle]:
        """Source and style of a vector layer.

        Raises
        ------
        DeclarationError
            If the layer is a raster.
        """
        if isinstance(self.source, VectorSource) and isinstance(self.style, VectorStyle):
            return self.source, self.style
        raise DeclarationError(f"layer {self.name} is not a vector layer", layer=self.name)

    @property
    def raster(self) -> tuple[RasterSource, RasterStyle]:
        """Source and style of a raster layer.

        Raises
        ------
        DeclarationError
            If the layer is a vector.
        """
        if isinstance(self.source, RasterSource) and isinstance(self.style, RasterStyle):
            return self.source, self.style
        raise DeclarationError(f"layer {self.name} is not a raster layer", layer=self.name)


def _check_levels(layer: str, source: VectorSource, style: VectorStyle, names: set[str]) -> None:
    needed = {style.field} - {None}
    for level in source.levels:
        if not needed <= set(level.fields) <= names:
            raise DeclarationError(
                f"layer {layer}: the level of {level.relation} below zoom {level.below} has the fields "
                f"{sorted(level.fields)}; it needs {sorted(map(str, needed))} and may have {sorted(names)}",
                layer=layer,
            )


def _names_used(style: VectorStyle) -> set[str]:
    label: Label | None = style.label
    return {name for name in (style.field, label.field if label else None) if name}
