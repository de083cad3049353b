/** The map with its panel and card, and the state that holds them together. */
import {
  AttributionControl,
  Map as MapLibreMap,
  NavigationControl,
  ScaleControl,
  type ErrorEvent,
  type MapMouseEvent,
  type PointLike,
  type StyleSpecification,
} from "maplibre-gl";

import { required } from "../lib/dom";
import { CardPanel } from "./card";
import type { CatalogueLayer } from "./catalogue";
import type { MapConfig } from "./config";
import { buildPanel, hintScales } from "./panel";
import { hasPlace, readState, writeState, type Background, type MapState } from "./state";
import { compose, KEY_FIELD, select, setBackground, setOpacity, show } from "./style";

const FIRST_VIEW = { padding: 24, maxZoom: 15 };

export class MapPage {
  private readonly map: MapLibreMap;
  private readonly members: Map<string, string[]>;
  private readonly clickable: string[];
  private readonly state: MapState;
  private readonly card: CardPanel;
  private readonly panel = required("layer-list");
  private readonly status = required("map-status");

  constructor(
    private readonly config: MapConfig,
    private readonly layers: CatalogueLayer[],
    private readonly served: StyleSpecification,
  ) {
    this.state = readState(location.hash, layers);
    const { style, members, clickable } = compose(served, layers, this.state, config);
    this.members = members;
    this.clickable = clickable;
    this.map = this.makeMap(style);
    this.card = new CardPanel(required("card"), config, () => this.cardClosed());
    this.addControls();
    this.listen();
  }

  private makeMap(style: StyleSpecification): MapLibreMap {
    return new MapLibreMap({
      container: "map",
      style,
      hash: "map",
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      locale: this.config.text.controls,
      ...(hasPlace(location.hash) ? {} : { bounds: this.config.bounds, fitBoundsOptions: FIRST_VIEW }),
      transformRequest: (url) => ({ url: url.startsWith("/") ? location.origin + url : url }),
    });
  }

  private addControls(): void {
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({ maxWidth: 160, unit: "metric" }), "bottom-left");
    this.map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    buildPanel(this.panel, this.layers, this.state, this.config, {
      toggle: (name, on) => this.toggle(name, on),
      setOpacity: (name, opacity) => this.setOpacity(name, opacity),
      setBackground: (chosen) => this.setBackground(chosen),
    });
  }

  private listen(): void {
    this.map.on("load", () => this.loaded());
    this.map.on("zoomend", () => this.hint());
    this.map.on("movestart", () => (this.status.hidden = true));
    this.map.on("click", (event: MapMouseEvent) => this.openCardAt(event.point));
    this.map.on("mousemove", (event: MapMouseEvent) => this.pointAt(event.point));
    this.map.on("dataloading", () => this.tell("loading"));
    this.map.on("idle", () => this.tell("idle"));
    this.map.on("error", (event: ErrorEvent) => this.report(event.error));
    this.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.openCardAt(this.map.project(this.map.getCenter()));
      if (event.key === "Escape") this.card.close();
    });
  }

  private loaded(): void {
    this.hint();
    if (this.state.card !== null) this.openCard(this.state.card);
  }

  /** Whether everything in view is drawn, for style sheets and for whoever watches the page. */
  private tell(state: "loading" | "idle"): void {
    document.documentElement.dataset["map"] = state;
  }

  private hint(): void {
    hintScales(this.panel, this.layers, this.map.getZoom(), this.config);
  }

  private toggle(name: string, on: boolean): void {
    if (on) this.state.on.add(name);
    else this.state.on.delete(name);
    show(this.map, this.members.get(name) ?? [], on);
    writeState(this.state);
  }

  private setOpacity(name: string, opacity: number): void {
    this.state.opacity.set(name, opacity);
    setOpacity(this.map, this.served, this.members.get(name) ?? [], opacity);
    writeState(this.state);
  }

  private setBackground(chosen: Background): void {
    this.state.background = chosen;
    setBackground(this.map, this.members, chosen);
    writeState(this.state);
  }

  private keyAt(point: PointLike): string | null {
    for (const { properties } of this.map.queryRenderedFeatures(point, { layers: this.clickable })) {
      const key: unknown = properties[KEY_FIELD];
      if (typeof key === "string") return key;
    }
    return null;
  }

  private pointAt(point: PointLike): void {
    this.map.getCanvas().style.cursor = this.keyAt(point) === null ? "" : "pointer";
  }

  private openCardAt(point: PointLike): void {
    const key = this.keyAt(point);
    if (key === null) this.say(this.config.text.nothingHere);
    else this.openCard(key);
  }

  private openCard(key: string): void {
    this.status.hidden = true;
    this.state.card = key;
    select(this.map, this.clickable, key);
    writeState(this.state);
    void this.card.open(key);
  }

  private cardClosed(): void {
    this.state.card = null;
    select(this.map, this.clickable, null);
    writeState(this.state);
    this.map.getCanvas().focus({ preventScroll: true });
  }

  private report(error: { message: string; status?: number }): void {
    this.say(error.status === 401 ? this.config.text.loginAgain : this.config.text.tilesFailed);
    console.warn(error.message);
  }

  private say(message: string): void {
    this.status.textContent = message;
    this.status.hidden = false;
  }
}
