/** The panel of layers: groups with switch, opacity and legend, and the choice of background. */
import { element } from "../lib/dom";
import { grouped, OWN_BACKGROUND, text, withSigns, type CatalogueLayer, type LegendEntry } from "./catalogue";
import type { MapConfig } from "./config";
import type { Background, MapState } from "./state";

export interface PanelActions {
  toggle: (name: string, on: boolean) => void;
  setOpacity: (name: string, opacity: number) => void;
  setBackground: (chosen: Background) => void;
}

/** Build the panel into `place`. */
export function buildPanel(
  place: HTMLElement,
  layers: CatalogueLayer[],
  state: MapState,
  config: MapConfig,
  actions: PanelActions,
): void {
  const groups = grouped(layers, config.language).map(({ name, layers: members }) =>
    element(
      "fieldset",
      { class: "layer-group" },
      element("legend", {}, name),
      ...members.map((layer) => layerItem(layer, state, config, actions)),
      ...cautions(members, config),
    ),
  );
  const backgrounds = backgroundChoice(layers, state, config, actions);
  if (groups.length === 0) groups.push(element("fieldset", { class: "layer-group" }, config.text.noLayers));
  place.replaceChildren(...groups, backgrounds);
}

/** Say beside each layer whether it draws at this zoom. */
export function hintScales(place: HTMLElement, layers: CatalogueLayer[], zoom: number, config: MapConfig): void {
  for (const layer of layers) {
    const hint = place.querySelector<HTMLElement>(`[data-hint="${CSS.escape(layer.name)}"]`);
    if (hint === null) continue;
    hint.textContent = zoom < layer.minzoom ? config.text.zoomIn : "";
    hint.hidden = hint.textContent === "";
  }
}

function layerItem(
  layer: CatalogueLayer,
  state: MapState,
  config: MapConfig,
  actions: PanelActions,
): HTMLElement {
  const title = text(layer, "title", config.language);
  const on = state.on.has(layer.name);
  const details = element(
    "div",
    { class: "layer-details", hidden: !on },
    legend(layer, config),
    opacityControl(layer, title, state, config, actions),
  );
  const box = element("input", { type: "checkbox", checked: on, "data-layer": layer.name });
  box.addEventListener("change", () => {
    details.hidden = !box.checked;
    actions.toggle(layer.name, box.checked);
  });
  const hint = element("p", { class: "layer-hint", "data-hint": layer.name, hidden: true });
  return element("div", { class: "layer-item" }, element("label", { class: "choice" }, box, title), hint, details);
}

function opacityControl(
  layer: CatalogueLayer,
  title: string,
  state: MapState,
  config: MapConfig,
  actions: PanelActions,
): HTMLElement {
  const percent = Math.round((state.opacity.get(layer.name) ?? 1) * 100);
  const label = `${config.text.opacity}: ${title}`;
  const slider = element("input", { type: "range", min: 0, max: 100, step: 5, value: percent, "aria-label": label });
  const shown = element("output", {}, `${percent}%`);
  slider.addEventListener("input", () => {
    shown.textContent = `${slider.value}%`;
    actions.setOpacity(layer.name, Number(slider.value) / 100);
  });
  return element("div", { class: "layer-opacity" }, element("span", {}, config.text.opacity), slider, shown);
}

function legend(layer: CatalogueLayer, config: MapConfig): HTMLElement {
  const rows = layer.legend.map((entry) =>
    element("li", {}, swatch(entry), element("span", {}, text(entry, "label", config.language))),
  );
  const unit = layer.unit === "" ? [] : [element("p", { class: "legend-unit" }, `${config.text.unit} ${withSigns(layer.unit)}`)];
  return element("div", { class: "legend" }, ...unit, element("ul", {}, ...rows));
}

/** What a reader of the group must know, each thing once. */
function cautions(layers: CatalogueLayer[], config: MapConfig): HTMLElement[] {
  const words = new Set(layers.map((layer) => text(layer, "caution", config.language)));
  words.delete("");
  return [...words].map((caution) => element("p", { class: "layer-caution" }, caution));
}

function swatch(entry: LegendEntry): HTMLElement {
  const line = entry.symbol === "line";
  const classes = line ? "legend-swatch legend-swatch--line" : "legend-swatch";
  const box = element("span", { class: classes, "aria-hidden": "true" });
  if (line) {
    box.style.borderTopColor = entry.color;
    box.style.borderTopWidth = `${Math.max(entry.width_px, 2)}px`;
  } else {
    box.style.backgroundColor = entry.color;
  }
  return box;
}

function backgroundChoice(
  layers: CatalogueLayer[],
  state: MapState,
  config: MapConfig,
  actions: PanelActions,
): HTMLFieldSetElement {
  const choices: [Background, string][] = [["none", config.text.backgroundNone]];
  if (layers.some((layer) => layer.name === OWN_BACKGROUND)) {
    choices.push(["hillshade", config.text.backgroundHillshade]);
  }
  if (config.gsiTiles !== null) choices.push(["gsi", config.text.backgroundGsi]);
  const rows = choices.map(([value, label]) => {
    const radio = element("input", { type: "radio", name: "background", value, checked: state.background === value });
    radio.addEventListener("change", () => actions.setBackground(value));
    return element("label", { class: "choice" }, radio, label);
  });
  return element("fieldset", { class: "layer-group" }, element("legend", {}, config.text.background), ...rows);
}
