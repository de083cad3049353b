/** A map under a form, on which an area is drawn into the field marked `data-draw`. */
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import {
  type GeoJSONSource,
  Map as MapLibreMap,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";

import { element, required } from "../lib/dom";
import { Outline } from "./outline";

setWorkerUrl(workerUrl);

interface Config {
  styleUrl: string;
  bounds: [number, number, number, number];
  text: { hint: string; undo: string; clear: string; label: string; failed: string };
}

const SOURCE = "drawn";
const STANDS = new Set(["compartment", "subcompartment"]);

function start(): void {
  const field = document.querySelector<HTMLTextAreaElement>("textarea[data-draw]");
  if (field === null) return;
  const config = JSON.parse(required("draw-config").textContent ?? "") as Config;
  const canvas = element("div", { class: "draw-map", "aria-label": config.text.label });
  const undo = element("button", { type: "button", class: "button button--small" }, config.text.undo);
  const clear = element("button", { type: "button", class: "button button--small" }, config.text.clear);
  const hint = element("p", { class: "field-help" }, config.text.hint);
  field.before(hint, canvas, element("p", { class: "toolbar" }, undo, clear));
  const outline = new Outline();
  outline.read(field.value);
  try {
    draw(canvas, config, outline, field, undo, clear);
  } catch (error) {
    hint.textContent = config.text.failed;
    canvas.remove();
    throw error;
  }
}

function draw(
  canvas: HTMLElement,
  config: Config,
  outline: Outline,
  field: HTMLTextAreaElement,
  undo: HTMLElement,
  clear: HTMLElement,
): void {
  const map = new MapLibreMap({
    container: canvas,
    style: config.styleUrl,
    bounds: config.bounds,
    doubleClickZoom: false,
    attributionControl: { compact: true },
  });
  map.addControl(new NavigationControl({ showCompass: false }));
  map.addControl(new ScaleControl({}));
  map.getCanvas().style.cursor = "crosshair";
  const show = (): void => {
    map.getSource<GeoJSONSource>(SOURCE)?.setData(outline.features());
  };
  const changed = (act: () => void): void => {
    act();
    const area = outline.geometry();
    field.value = area === null ? "" : JSON.stringify(area);
    show();
  };
  map.on("load", () => {
    showStands(map);
    addDrawn(map);
    show();
    canvas.dataset["ready"] = "yes";
  });
  map.on("click", (event) => changed(() => outline.add([event.lngLat.lng, event.lngLat.lat])));
  undo.addEventListener("click", () => changed(() => outline.undo()));
  clear.addEventListener("click", () => changed(() => outline.clear()));
  field.addEventListener("change", () => {
    outline.read(field.value);
    show();
  });
}

/** The borders of 林班 and 小班 help the hand, whatever the map page shows at first. */
function showStands(map: MapLibreMap): void {
  for (const layer of map.getStyle().layers) {
    const source = "source" in layer ? layer.source : "";
    if (STANDS.has(source)) map.setLayoutProperty(layer.id, "visibility", "visible");
  }
}

function addDrawn(map: MapLibreMap): void {
  map.addSource(SOURCE, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "drawn-fill", type: "fill", source: SOURCE, paint: { "fill-color": "#d55e00", "fill-opacity": 0.25 } });
  map.addLayer({ id: "drawn-line", type: "line", source: SOURCE, paint: { "line-color": "#d55e00", "line-width": 3 } });
  map.addLayer({
    id: "drawn-corner",
    type: "circle",
    source: SOURCE,
    filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-color": "#ffffff", "circle-stroke-color": "#d55e00", "circle-stroke-width": 2, "circle-radius": 5 },
  });
}

start();
