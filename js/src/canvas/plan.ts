/** What the map of a flow shows: every node as a small box, by how it stands, in as few lines. */
import type { Standing } from "../model/selectors";

export const MAP_WIDTH = 200;
export const MAP_HEIGHT = 140;
const MARGIN = 8;

/** A node on the canvas. */
export interface Area {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How the canvas is drawn on the map: `x * scale + left`. */
export interface Scale {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export type Tone = "plain" | "good" | "bad" | "running";

export function toneOf(standing: Standing): Tone {
  if (standing === "succeeded" || standing === "reused") return "good";
  if (standing === "failed") return "bad";
  return standing === "running" ? "running" : "plain";
}

/** All of the areas as large as they fit, in the middle. */
export function scaleOf(areas: Iterable<Area>): Scale {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of areas) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  if (left > right) return { scale: 1, left: 0, top: 0 };
  const [across, down] = [Math.max(1, right - left), Math.max(1, bottom - top)];
  const scale = Math.min((MAP_WIDTH - 2 * MARGIN) / across, (MAP_HEIGHT - 2 * MARGIN) / down);
  return {
    scale,
    left: (MAP_WIDTH - across * scale) / 2 - left * scale,
    top: (MAP_HEIGHT - down * scale) / 2 - top * scale,
  };
}

/** An area as part of a path. */
export function boxPath({ x, y, width, height }: Area, { scale, left, top }: Scale): string {
  const [across, down] = [short(width * scale), short(height * scale)];
  return `M${short(x * scale + left)},${short(y * scale + top)}h${across}v${down}h-${across}z`;
}

function short(value: number): number {
  return Math.round(value * 10) / 10;
}
