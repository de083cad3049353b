/** The polygon that is being drawn: corners in order, and the GeoJSON of it. No map, no page. */

import type { FeatureCollection, Geometry, Polygon } from "geojson";

export type Corner = [longitude: number, latitude: number];

/** Digits of a degree that are kept: a centimetre. */
const DIGITS = 7;

export class Outline {
  private corners: Corner[] = [];

  get size(): number {
    return this.corners.length;
  }

  add(corner: Corner): void {
    this.corners.push([rounded(corner[0]), rounded(corner[1])]);
  }

  undo(): void {
    this.corners.pop();
  }

  clear(): void {
    this.corners = [];
  }

  /** Take the outer ring of a polygon that was drawn before; anything else leaves nothing. */
  read(text: string): void {
    this.clear();
    try {
      const value: unknown = JSON.parse(text);
      const ring = outerRing(value);
      for (const corner of ring.slice(0, -1)) this.add(corner);
    } catch {
      // Pasted by hand and broken: the server says what is wrong with it.
    }
  }

  /** Polygon once there are three corners, else null. */
  geometry(): Polygon | null {
    const first = this.corners[0];
    if (first === undefined || this.corners.length < 3) return null;
    return { type: "Polygon", coordinates: [[...this.corners, first]] };
  }

  /** What the map shows while drawing: the area, its edge and its corners. */
  features(): FeatureCollection {
    const shapes: Geometry[] = this.corners.map((corner) => ({ type: "Point", coordinates: corner }));
    const area = this.geometry();
    if (area !== null) shapes.push(area);
    else if (this.corners.length === 2) shapes.push({ type: "LineString", coordinates: this.corners });
    return {
      type: "FeatureCollection",
      features: shapes.map((geometry) => ({ type: "Feature", properties: {}, geometry })),
    };
  }
}

function rounded(degrees: number): number {
  return Number(degrees.toFixed(DIGITS));
}

function outerRing(value: unknown): Corner[] {
  const geometry = value as { type?: string; coordinates?: Corner[][] };
  if (geometry.type !== "Polygon" || geometry.coordinates?.[0] === undefined) return [];
  return geometry.coordinates[0];
}
