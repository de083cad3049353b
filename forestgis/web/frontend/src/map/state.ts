/**
 * What the user chose, kept in the address fragment beside MapLibre's own `map=zoom/lat/lon`:
 * `on=hardwood,road&opacity=hardwood:60&base=hillshade&card=KEY`.
 */
import type { CatalogueLayer } from "./catalogue";

export type Background = "none" | "hillshade" | "gsi";

export interface MapState {
  on: Set<string>;
  /** Layer name to opacity, 0 to 1; a layer left out is as the catalogue draws it. */
  opacity: Map<string, number>;
  background: Background;
  card: string | null;
}

/** Read the state from the fragment; what it leaves out is as the catalogue says. */
export function readState(fragment: string, layers: CatalogueLayer[]): MapState {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const on = given.get("on");
  return {
    on: new Set(on === null ? layers.filter((l) => l.visible).map((l) => l.name) : names(on)),
    opacity: readOpacity(given.get("opacity") ?? ""),
    background: readBackground(given.get("base")),
    card: given.get("card"),
  };
}

/** Whether the fragment says where the map is. */
export function hasPlace(fragment: string): boolean {
  return new URLSearchParams(fragment.replace(/^#/, "")).has("map");
}

/** Put the state into the address without a new entry in the history. */
export function writeState(state: MapState): void {
  const given = new URLSearchParams(location.hash.replace(/^#/, ""));
  given.set("on", [...state.on].join(","));
  setOrDelete(given, "opacity", [...state.opacity].map(([n, o]) => `${n}:${Math.round(o * 100)}`).join(","));
  given.set("base", state.background);
  setOrDelete(given, "card", state.card ?? "");
  const fragment = [...given].map(([name, value]) => `${name}=${readable(value)}`).join("&");
  history.replaceState(history.state, "", `#${fragment}`);
}

function names(list: string): string[] {
  return list.split(",").filter((name) => name !== "");
}

function readOpacity(list: string): Map<string, number> {
  const pairs = names(list).map((pair) => pair.split(":"));
  const valid = pairs.flatMap(([name, percent]): [string, number][] => {
    const value = Number(percent) / 100;
    return name && value >= 0 && value <= 1 ? [[name, value]] : [];
  });
  return new Map(valid);
}

function readBackground(value: string | null): Background {
  return value === "none" || value === "gsi" ? value : "hillshade";
}

function setOrDelete(given: URLSearchParams, name: string, value: string): void {
  if (value === "") given.delete(name);
  else given.set(name, value);
}

/** Percent-encode but leave the separators, so that the address can be read. */
function readable(value: string): string {
  return encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2F", "/").replaceAll("%3A", ":");
}
