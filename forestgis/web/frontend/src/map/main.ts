/** The map page. */
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { setWorkerUrl, type StyleSpecification } from "maplibre-gl";

import { required } from "../lib/dom";
import type { CatalogueLayer } from "./catalogue";
import { readConfig, type MapConfig } from "./config";
import { makePanelFoldable } from "./fold";
import { MapPage } from "./page";

// The worker is a file of ours: the content security policy allows no script from a blob.
setWorkerUrl(workerUrl);

async function fetched<T>(address: string, config: MapConfig): Promise<T> {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (response.redirected || response.status === 401) location.assign(config.loginUrl);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return (await response.json()) as T;
}

async function start(): Promise<void> {
  const config = readConfig();
  makePanelFoldable();
  try {
    const [catalogue, style] = await Promise.all([
      fetched<{ layers: CatalogueLayer[] }>(config.layersUrl, config),
      fetched<StyleSpecification>(config.styleUrl, config),
    ]);
    new MapPage(config, catalogue.layers, style);
  } catch (error) {
    const status = required("map-status");
    status.textContent = webglMissing() ? config.text.webglMissing : config.text.layersFailed;
    status.hidden = false;
    throw error;
  }
}

function webglMissing(): boolean {
  return document.createElement("canvas").getContext("webgl2") === null;
}

void start();
