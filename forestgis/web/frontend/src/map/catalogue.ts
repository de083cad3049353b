/** The layer catalogue as `/maps/layers.json` gives it. */

export interface LegendEntry {
  color: string;
  label_ja: string;
  label_en: string;
  symbol: "area" | "line" | "raster";
  width_px: number;
}

export interface CatalogueLayer {
  name: string;
  title_ja: string;
  title_en: string;
  group_ja: string;
  group_en: string;
  kind: "vector" | "raster";
  unit: string;
  minzoom: number;
  maxzoom: number;
  fields: { name: string }[];
  legend: LegendEntry[];
  attribution_ja: string;
  attribution_en: string;
  caution_ja: string;
  caution_en: string;
  visible: boolean;
}

export type Language = "ja" | "en";

export interface Group {
  name: string;
  layers: CatalogueLayer[];
}

/** Layer that serves as a background of our own and is offered there, not in the list. */
export const OWN_BACKGROUND = "hillshade";

/**
 * Group the layers for the list, backgrounds left out.
 *
 * The catalogue comes topmost first, and so do the layers of a group; the groups come the other way
 * round, because what lies at the bottom (the survey's colours) is what people look for first.
 */
export function grouped(layers: CatalogueLayer[], language: Language): Group[] {
  const listed = layers.filter((layer) => layer.name !== OWN_BACKGROUND);
  const names = new Set(listed.map((layer) => text(layer, "group", language)).reverse());
  return [...names].map((name) => ({
    name,
    layers: listed.filter((layer) => text(layer, "group", language) === name),
  }));
}

/** The words of something that has them in both languages, e.g. `title` of a layer. */
export function text<F extends string>(
  thing: Record<`${F}_ja` | `${F}_en`, string>,
  field: F,
  language: Language,
): string {
  return withSigns(thing[`${field}_${language}`]);
}

/** Units as they are printed: data files say m3, people read m³. */
export function withSigns(words: string): string {
  return words.replace(/\bm3\b/g, "m³");
}
