/** The layer catalogue as `/maps/layers.json` gives it. */

export interface LegendEntry {
  color: string;
  label_ja: string;
  label_en: string;
}

export interface CatalogueLayer {
  name: string;
  title_ja: string;
  title_en: string;
  group: string;
  kind: "vector" | "raster";
  unit: string;
  minzoom: number;
  maxzoom: number;
  legend: LegendEntry[];
  attribution_ja: string;
  visible: boolean;
}

export interface Group {
  name: string;
  layers: CatalogueLayer[];
}

/** Layer that serves as a background of our own and is offered there, not in the list. */
export const OWN_BACKGROUND = "hillshade";

/** Group the layers for the list, in the order of the catalogue, backgrounds left out. */
export function grouped(layers: CatalogueLayer[]): Group[] {
  const groups = new Map<string, CatalogueLayer[]>();
  for (const layer of layers) {
    if (layer.name === OWN_BACKGROUND) continue;
    const members = groups.get(layer.group) ?? [];
    members.push(layer);
    groups.set(layer.group, members);
  }
  return [...groups].map(([name, members]) => ({ name, layers: members }));
}

/** The title or label of something that has both languages. */
export function named(
  thing: { title_ja: string; title_en: string } | { label_ja: string; label_en: string },
  language: "ja" | "en",
): string {
  if ("title_ja" in thing) return language === "en" ? thing.title_en : thing.title_ja;
  return language === "en" ? thing.label_en : thing.label_ja;
}
