/** What the server tells the map page: addresses, first view and words in the user's language. */

import type { Language } from "./catalogue";

export type Bounds = [west: number, south: number, east: number, north: number];

export interface MapText {
  background: string;
  backgroundNone: string;
  backgroundHillshade: string;
  backgroundGsi: string;
  gsiAttribution: string;
  opacity: string;
  unit: string;
  zoomIn: string;
  noLayers: string;
  cardLoading: string;
  cardFailed: string;
  cardMissing: string;
  closeCard: string;
  nothingHere: string;
  loginAgain: string;
  layersFailed: string;
  tilesFailed: string;
  webglMissing: string;
  /** MapLibre's own words by its names of them. */
  controls: Record<string, string>;
}

export interface MapConfig {
  language: Language;
  layersUrl: string;
  styleUrl: string;
  /** Address of a card with `__key__` in the place of the key. */
  cardUrl: string;
  loginUrl: string;
  bounds: Bounds;
  /** Places to mark, longitude and latitude: what a search found. */
  points: [number, number][];
  gsiTiles: string | null;
  text: MapText;
}

/** Read the configuration that the page carries as a JSON block. */
export function readConfig(): MapConfig {
  const block = document.getElementById("map-config");
  if (!block?.textContent) throw new Error("the page carries no map configuration");
  return JSON.parse(block.textContent) as MapConfig;
}
