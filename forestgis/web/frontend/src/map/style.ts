/** The style: what the server describes, with backgrounds under it and the selection over it. */
import type {
  ExpressionSpecification,
  FillLayerSpecification,
  LayerSpecification,
  LineLayerSpecification,
  Map as MapLibreMap,
  StyleSpecification,
} from "maplibre-gl";

import { OWN_BACKGROUND, text, type CatalogueLayer } from "./catalogue";
import type { MapConfig } from "./config";
import type { Background, MapState } from "./state";

const GSI = "gsi";
const FOUND = "found";

/** The property by which a feature is found again: its card's key. */
export const KEY_FIELD = "keycode";

type OpacityProperty = "fill-opacity" | "line-opacity" | "circle-opacity" | "raster-opacity" | "text-opacity";

const OPACITY: Partial<Record<LayerSpecification["type"], OpacityProperty>> = {
  fill: "fill-opacity",
  line: "line-opacity",
  circle: "circle-opacity",
  raster: "raster-opacity",
  symbol: "text-opacity",
};

export interface LayeredStyle {
  style: StyleSpecification;
  /** Catalogue layer name to the ids of its style layers. */
  members: Map<string, string[]>;
  /** Ids of the filled areas whose features have a card. */
  clickable: string[];
}

/** Add backgrounds and selection to the server's style, and hide what the state hides. */
export function compose(
  served: StyleSpecification,
  layers: CatalogueLayer[],
  state: MapState,
  config: MapConfig,
): LayeredStyle {
  const own = served.layers.filter((layer) => sourceOf(layer) === OWN_BACKGROUND);
  const drawn = served.layers.filter((layer) => layer.type !== "background" && !own.includes(layer));
  const keyed = drawn.filter((layer) => layer.type === "fill" && hasKey(layer.source, layers)) as FillLayerSpecification[];
  const visible = (layer: LayerSpecification): LayerSpecification =>
    withVisibility(layer, isVisible(sourceOf(layer) ?? "", state));
  const style: StyleSpecification = {
    ...served,
    sources: { ...credited(served.sources, layers, config), ...gsiSource(config), ...foundSource(config) },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#f4f6f3" } },
      ...gsiLayer(config, state.background),
      ...own.map(visible),
      ...drawn.map((layer) => scaled(visible(layer), state.opacity.get(sourceOf(layer) ?? ""))),
      ...keyed.map(outline),
      ...foundLayer(config),
    ],
  };
  return { style, members: membersOf(served.layers), clickable: keyed.map((layer) => layer.id) };
}

/** Show or hide a catalogue layer. */
export function show(map: MapLibreMap, ids: string[], visible: boolean): void {
  for (const id of ids) map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
}

/** Switch the background. */
export function setBackground(map: MapLibreMap, members: Map<string, string[]>, chosen: Background): void {
  show(map, members.get(OWN_BACKGROUND) ?? [], chosen === "hillshade");
  if (map.getLayer(GSI)) show(map, [GSI], chosen === "gsi");
}

/** Draw a catalogue layer with a share (0 to 1) of the opacity its style gives it. */
export function setOpacity(map: MapLibreMap, served: StyleSpecification, ids: string[], share: number): void {
  for (const layer of served.layers.filter((l) => ids.includes(l.id))) {
    const property = OPACITY[layer.type];
    if (property !== undefined) map.setPaintProperty(layer.id, property, opacityOf(layer, property, share));
  }
}

/** Outline the features of a key wherever they are drawn; null outlines nothing. */
export function select(map: MapLibreMap, clickable: string[], key: string | null): void {
  for (const id of clickable) map.setFilter(outlineOf(id), keyFilter(key));
}

function isVisible(name: string, state: MapState): boolean {
  return name === OWN_BACKGROUND ? state.background === "hillshade" : state.on.has(name);
}

function sourceOf(layer: LayerSpecification): string | undefined {
  return "source" in layer ? layer.source : undefined;
}

function membersOf(layers: LayerSpecification[]): Map<string, string[]> {
  const members = new Map<string, string[]>();
  for (const layer of layers) {
    const source = sourceOf(layer);
    if (source !== undefined) members.set(source, [...(members.get(source) ?? []), layer.id]);
  }
  return members;
}

function withVisibility(layer: LayerSpecification, visible: boolean): LayerSpecification {
  return { ...layer, layout: { ...layer.layout, visibility: visible ? "visible" : "none" } } as LayerSpecification;
}

function scaled(layer: LayerSpecification, share: number | undefined): LayerSpecification {
  const property = OPACITY[layer.type];
  if (share === undefined || property === undefined) return layer;
  const paint = { ...layer.paint, [property]: opacityOf(layer, property, share) };
  return { ...layer, paint } as LayerSpecification;
}

/** The style's own opacity times a share; one that depends on zoom cannot be multiplied and is replaced. */
function opacityOf(
  layer: LayerSpecification,
  property: OpacityProperty,
  share: number,
): number | ExpressionSpecification {
  const opacity = (layer.paint as Record<string, unknown> | undefined)?.[property] ?? 1;
  if (typeof opacity === "number") return opacity * share;
  if (JSON.stringify(opacity).includes('"zoom"')) return share;
  return ["*", opacity as ExpressionSpecification, share];
}

type Sources = StyleSpecification["sources"];

/** The sources with their attribution in the user's language. */
function credited(sources: Sources, layers: CatalogueLayer[], config: MapConfig): Sources {
  const credit = new Map(layers.map((l) => [l.name, text(l, "attribution", config.language)]));
  const entries = Object.entries(sources).map(([name, source]) => [
    name,
    { ...source, attribution: credit.get(name) ?? "" },
  ]);
  return Object.fromEntries(entries) as Sources;
}

function gsiSource(config: MapConfig): Sources {
  if (config.gsiTiles === null) return {};
  return {
    [GSI]: {
      type: "raster",
      tiles: [config.gsiTiles],
      tileSize: 256,
      minzoom: 5,
      maxzoom: 18,
      attribution: config.text.gsiAttribution,
    },
  };
}

function gsiLayer(config: MapConfig, chosen: Background): LayerSpecification[] {
  if (config.gsiTiles === null) return [];
  return [withVisibility({ id: GSI, type: "raster", source: GSI }, chosen === "gsi")];
}

function hasKey(source: string, layers: CatalogueLayer[]): boolean {
  return layers.some((layer) => layer.name === source && layer.fields.some((field) => field.name === KEY_FIELD));
}

/** Marks of what a search found, seen at every scale. */
function foundSource(config: MapConfig): StyleSpecification["sources"] {
  if (config.points.length === 0) return {};
  return {
    [FOUND]: { type: "geojson", data: { type: "MultiPoint", coordinates: config.points } },
  };
}

function foundLayer(config: MapConfig): LayerSpecification[] {
  if (config.points.length === 0) return [];
  const radius: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 7, 2.5, 14, 7];
  return [
    {
      id: FOUND,
      type: "circle",
      source: FOUND,
      paint: {
        "circle-radius": radius,
        "circle-color": "#d50000",
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 1.5,
      },
    },
  ];
}

function outlineOf(id: string): string {
  return `selected:${id}`;
}

/** The outline of what is selected of a layer, empty until something is. */
function outline(layer: FillLayerSpecification): LineLayerSpecification {
  return {
    id: outlineOf(layer.id),
    type: "line",
    source: layer.source,
    ...(layer["source-layer"] === undefined ? {} : { "source-layer": layer["source-layer"] }),
    filter: keyFilter(null),
    paint: { "line-color": "#fa0000", "line-width": 3 },
  };
}

function keyFilter(key: string | null): ExpressionSpecification {
  return ["==", ["get", KEY_FIELD], key ?? ""];
}
