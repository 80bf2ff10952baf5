/** How a flow is framed: how far to zoom, where to begin, and how tall a canvas it asks for. */
import { HEIGHT, type Point, WIDTH } from "../model/layout";

export const LEAST_ZOOM = 0.08;
/** At first text must be readable, even where not everything fits. */
export const FIRST_ZOOM = 0.5;
const SIDE = 20;
const ABOVE = 24;
/** Room for the tools, so that no node lies under them. */
const BELOW = 60;
const SHORTEST = 320;
const TALLEST = 640;
/** What stands above the canvas in a view: the run bar. */
const BAR = 50;

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
  /** How high the flow begins: the centre of its first node from the left. */
  readonly begin: number;
}

export interface Framing extends Point {
  readonly zoom: number;
}

interface Boxed {
  readonly position: Point;
  readonly width?: number;
  readonly height?: number;
}

export function boxOf(nodes: readonly Boxed[]): Box {
  let [left, top, right, bottom, begin] = [Infinity, Infinity, -Infinity, -Infinity, HEIGHT / 2];
  for (const { position, width = WIDTH, height = HEIGHT } of nodes) {
    if (position.x < left) begin = position.y + height / 2;
    left = Math.min(left, position.x);
    top = Math.min(top, position.y);
    right = Math.max(right, position.x + width);
    bottom = Math.max(bottom, position.y + height);
  }
  return nodes.length === 0
    ? { x: 0, y: 0, width: WIDTH, height: HEIGHT, begin }
    : { x: left, y: top, width: right - left, height: bottom - top, begin };
}

/** All of `box` in the middle, at most at its own size; what does not fit is shown from its start. */
export function framing(box: Box, width: number, height: number, least: number): Framing {
  const across = Math.max(1, width - 2 * SIDE);
  const down = Math.max(1, height - ABOVE - BELOW);
  const zoom = Math.max(least, Math.min(1, across / box.width, down / box.height));
  const over = Math.max(0, box.height * zoom - down);
  const before = Math.min(over, Math.max(0, (box.begin - box.y) * zoom - down / 2));
  return {
    x: SIDE + Math.max(0, across - box.width * zoom) / 2 - box.x * zoom,
    y: ABOVE + Math.max(0, down - box.height * zoom) / 2 - before - box.y * zoom,
    zoom,
  };
}

/** How tall a view `width` wide should be for its text to be as large as it can. */
export function wantedHeight(box: Box, width: number): number {
  const zoom = Math.max(FIRST_ZOOM, Math.min(1, (width - 2 * SIDE) / box.width));
  const wanted = BAR + ABOVE + box.height * zoom + BELOW;
  return Math.round(Math.max(SHORTEST, Math.min(TALLEST, wanted)));
}
