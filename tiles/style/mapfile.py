"""The MapServer map file of a set of layers.

No connection detail stands in it: host, database, role and principal arrive with each request as libpq's PG*
variables, which FastCGI replaces for each request. Never write `%name%` (the caller could fill it) nor
`CLOSE_CONNECTION=DEFER` (the first reader's rows would be shown to all) into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tiles.layer import Field, FieldType, Layer, Level
from tiles.ogc.crs import WMS_CODES
from tiles.style.mapclass import block, indent, quoted, scale_denominator, style_class
from tiles.style.model import Label, RasterStyle, VectorStyle

# All that web Mercator holds, in metres: MapServer draws nothing of a layer outside of its extent, and a survey may
# lie anywhere. What capabilities state is written for each reader (tiles.ogc.capabilities).
EXTENT_3857 = (-20_037_508, -20_037_508, 20_037_508, 20_037_508)
MAX_SIZE = 4096
FEATURE_INFO = "application/json"


@dataclass(frozen=True, slots=True)
class MapService:
    """What the map file says of the service, and where it finds files.

    Attributes
    ----------
    fontset : str
        Absolute path of MapServer's font list, which names one font `sans`.
    files : str
        Absolute path of the folder that raster products' paths are relative to.
    """

    title: str
    abstract: str
    fontset: str
    files: str
    keywords: tuple[str, ...] = field(default=("forest", "森林", "Hokkaido", "北海道"))


def map_file(service: MapService, layers: Iterable[Layer]) -> str:
    """Return the text of the map file; layers are drawn, and listed, in the order given."""
    parts = [_header(service)]
    for layer in layers:
        parts += _raster(layer, service) if layer.is_raster else _vectors(layer)
    return "\n".join(["MAP", *(indent(part) for part in parts), "END", ""])


def drawn_by(layer: Layer) -> tuple[str, ...]:
    """Return the names of the map file's layers that draw a layer, each at its own scales."""
    if layer.is_raster:
        return (layer.name,)
    source, _ = layer.vector
    return (layer.name, *(_level_name(layer, level) for level in source.levels))


def fontset(font_file: str) -> str:
    """Return MapServer's font list with one font, called `sans`."""
    return f"sans {font_file}\n"


def config_file(map_path: str, named: Mapping[str, str] | None = None) -> str:
    """Return MapServer's own configuration: one map, others by name alone, and no path may be given.

    Parameters
    ----------
    named : mapping
        Paths of other map files by the name that `map=` calls them.
    """
    maps = [f"{name} {quoted(path)}" for name, path in (named or {}).items()]
    return block(
        "CONFIG",
        block(
            "ENV",
            f"MS_MAPFILE {quoted(map_path)}",
            'MS_MAP_NO_PATH "1"',
            'MS_MAP_PATTERN "^none$"',
        ),
        *([block("MAPS", *maps)] if maps else []),
        "",
    )


def _header(service: MapService) -> str:
    metadata = {
        "ows_title": service.title,
        "ows_abstract": service.abstract,
        "ows_keywordlist": ",".join(service.keywords),
        "ows_encoding": "UTF-8",
        "ows_srs": " ".join(WMS_CODES),
        "ows_sld_enabled": "false",
        "wms_enable_request": "GetCapabilities GetMap GetFeatureInfo GetLegendGraphic",
        "wms_getmap_formatlist": "image/png,image/jpeg",
        "wms_getlegendgraphic_formatlist": "image/png",
        "wms_feature_info_mime_type": FEATURE_INFO,
        "wms_getfeatureinfo_formatlist": FEATURE_INFO,
        # The gate counts the layers that a reader names; each may be drawn by several of the map file's.
        "wms_layerlimit": "100",
    }
    return "\n".join(
        [
            'NAME "forestgis"',
            "STATUS ON",
            "SIZE 512 512",
            f"MAXSIZE {MAX_SIZE}",
            "EXTENT " + " ".join(map(str, EXTENT_3857)),
            "UNITS METERS",
            "RESOLUTION 96",
            "DEFRESOLUTION 96",
            "IMAGECOLOR 255 255 255",
            "IMAGETYPE png",
            f"FONTSET {quoted(service.fontset)}",
            'CONFIG "MS_ERRORFILE" "stderr"',
            projection_block(),
            _format("png", "AGG/PNG", "image/png", "RGB"),
            _format("jpeg", "AGG/JPEG", "image/jpeg", "RGB"),
            _format(
                "geojson", "OGR/GEOJSON", FEATURE_INFO, "FEATURE", "STORAGE=memory", "FORM=simple"
            ),
            block("WEB", metadata_block(metadata)),
            block(
                "LEGEND",
                "STATUS ON",
                "KEYSIZE 20 14",
                'LABEL TYPE TRUETYPE FONT "sans" SIZE 9 COLOR 34 34 34 END',
            ),
        ]
    )


def _format(name: str, driver: str, mime: str, mode: str, *options: str) -> str:
    return block(
        "OUTPUTFORMAT",
        f"NAME {quoted(name)}",
        f"DRIVER {quoted(driver)}",
        f"MIMETYPE {quoted(mime)}",
        f"IMAGEMODE {mode}",
        "TRANSPARENT OFF",
        *(f"FORMATOPTION {quoted(option)}" for option in options),
    )


def _vectors(layer: Layer) -> list[str]:
    """Return the layer itself, and one for each of its levels that no reader is told of."""
    source, style = layer.vector
    zooms = [level.below for level in source.levels] + [layer.minzoom]
    detail = _vector(
        layer,
        layer.name,
        (source.relation, source.geom_3857),
        layer.fields,
        _scales(zooms[0], None),
        style.label,
        _layer_metadata(layer, layer.fields),
    )
    coarse = [
        _vector(
            layer,
            _level_name(layer, level),
            (level.relation, level.geom_3857),
            fields := [field for field in layer.fields if field.name in level.fields],
            _scales(coarser, level.below),
            None,
            _level_metadata(fields),
        )
        for level, coarser in zip(source.levels, zooms[1:], strict=True)
    ]
    return [detail, *coarse]


def _level_name(layer: Layer, level: Level) -> str:
    return f"{layer.name}_below_{level.below}"


def _vector(
    layer: Layer,
    name: str,
    relation: tuple[str, str],
    fields: Iterable[Field],
    scales: list[str],
    label: Label | None,
    metadata: str,
) -> str:
    """Return a LAYER block over a relation and its web Mercator column."""
    source, style = layer.vector
    return block(
        "LAYER",
        f"NAME {quoted(name)}",
        "TYPE " + ("POLYGON" if source.geometry.is_area else "LINE"),
        "STATUS OFF",
        *_postgis(relation[0], source.key, relation[1], fields),
        # Any value makes the layer queryable; the answer is written by the OGR output format, not by a template.
        'TEMPLATE "none"',
        "TOLERANCE 5",
        "TOLERANCEUNITS PIXELS",
        *([f"LABELITEM {quoted(label.field)}"] if label else []),
        *scales,
        *_opacity(style),
        metadata,
        *(
            style_class(entry, style.field, label, area=source.geometry.is_area)
            for entry in style.classes
        ),
    )


def _opacity(style: VectorStyle | RasterStyle) -> list[str]:
    if style.opacity == 1:
        return []
    return [block("COMPOSITE", f"OPACITY {round(style.opacity * 100)}")]


def _postgis(relation: str, key: str, geometry: str, fields: Iterable[Field]) -> list[str]:
    columns = "".join(f", {_column_sql(entry)} as {entry.name}" for entry in fields)
    return [
        *_connection(),
        # Every name has passed tiles.layer's check.
        f"DATA {quoted(f'{geometry} from (select {key}, {geometry}{columns} from {relation}) as q using unique {key} using srid=3857')}",  # noqa: S608
        projection_block(),
    ]


def _connection() -> list[str]:
    return [
        "CONNECTIONTYPE POSTGIS",
        'CONNECTION "application_name=forestgis_wms"',
        "EXTENT " + " ".join(map(str, EXTENT_3857)),
    ]


def _column_sql(entry: Field) -> str:
    if entry.type is FieldType.DECIMAL:
        return f"round({entry.name}, {entry.decimals})"
    return (
        f"{entry.name}::text" if entry.type in (FieldType.BOOLEAN, FieldType.DATE) else entry.name
    )


def _raster(layer: Layer, service: MapService) -> list[str]:
    """Return the tile index, which the database filters for the reader, and the layer that draws it."""
    source, style = layer.raster
    index = f"{layer.name}_index"
    place = f"'{service.files.rstrip('/')}/' || path as location, 'EPSG:' || epsg as srs"
    return [
        block(
            "LAYER",
            f"NAME {quoted(index)}",
            "TYPE POLYGON",
            "STATUS OFF",
            *_connection(),
            f"DATA {quoted(f'footprint_3857 from (select fid, footprint_3857, {place} from {source.relation} where kind = {chr(39)}{source.kind}{chr(39)}) as q using unique fid using srid=3857')}",  # noqa: S608
            projection_block(),
            block("METADATA", '"wms_enable_request" "!*"'),
        ),
        block(
            "LAYER",
            f"NAME {quoted(layer.name)}",
            "TYPE RASTER",
            "STATUS OFF",
            f"TILEINDEX {quoted(index)}",
            'TILEITEM "location"',
            'TILESRS "srs"',
            "EXTENT " + " ".join(map(str, EXTENT_3857)),
            projection_block(),
            *_scales(layer.minzoom, None),
            f"PROCESSING {quoted('RESAMPLE=' + ('BILINEAR' if style.is_picture else 'NEAREST'))}",
            'PROCESSING "BANDS=1"' if style.bands == 1 else 'PROCESSING "BANDS=1,2,3"',
            *([] if style.is_picture else _buckets(source.value_range)),
            *_opacity(style),
            _layer_metadata(layer, ()),
            *(style_class(entry, "pixel", None, area=True) for entry in style.classes),
        ),
    ]


def _buckets(value_range: tuple[float, float]) -> list[str]:
    # MapServer classifies scaled values: ten buckets a unit keep class limits within 0.1 of what is declared.
    low, high = value_range
    return [
        f"PROCESSING {quoted(f'SCALE={low:g},{high:g}')}",
        f"PROCESSING {quoted(f'SCALE_BUCKETS={round((high - low) * 10)}')}",
    ]


def _scales(from_zoom: int, below_zoom: int | None) -> list[str]:
    """Return the scales of zooms from `from_zoom` on, and below `below_zoom`."""
    largest = [] if below_zoom is None else [f"MINSCALEDENOM {scale_denominator(below_zoom):.3f}"]
    smallest = [f"MAXSCALEDENOM {scale_denominator(from_zoom):.3f}"] if from_zoom else []
    return [*largest, *smallest]


def _layer_metadata(layer: Layer, fields: Iterable[Field]) -> str:
    caution = f" {layer.caution.ja}" if layer.caution else ""
    metadata = {
        "ows_title": layer.title.ja,
        "ows_abstract": f"{layer.title.en}. {layer.attribution.ja}{caution}",
        "wms_attribution_title": layer.attribution.ja,
        "wms_enable_request": "*",
    }
    if layer.is_raster:
        return metadata_block(
            {**metadata, "ows_include_items": "none", "gml_include_items": "none"}
        )
    return metadata_block(metadata | _itemmetadata_block(fields))


def _level_metadata(fields: Iterable[Field]) -> str:
    return metadata_block(
        {"wms_enable_request": "GetMap GetFeatureInfo", **_itemmetadata_block(fields)}
    )


def _itemmetadata_block(fields: Iterable[Field]) -> dict[str, str]:
    names = [entry.name for entry in fields]
    items = ",".join(names) or "none"
    types = {f"gml_{name}_type": "Character" for name in names}
    return {
        "ows_include_items": items,
        "gml_include_items": items,
        **types,
        "gml_geometries": "none",
    }


def projection_block() -> str:
    """Return the PROJECTION block of web Mercator."""
    return 'PROJECTION "init=epsg:3857" END'


def metadata_block(values: dict[str, str]) -> str:
    """Return a METADATA block."""
    return block("METADATA", *(f"{quoted(key)} {quoted(value)}" for key, value in values.items()))
