/** Where a node that is dragged comes to rest: in line with others, else on the grid. Pure. */
import type { Rect } from "../model/nesting";

export const GRID = 10;
/** So many pixels of the screen are near enough to be in line. */
const NEAR = 6;

/** A line to draw: two nodes have an edge or their middles on it. */
export interface Guide {
  readonly axis: "x" | "y";
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface Snap {
  readonly dx: number;
  readonly dy: number;
  readonly guides: readonly Guide[];
}

export function snapped(moving: Rect, others: readonly Rect[], zoom: number): Snap {
  const reach = NEAR / zoom;
  const across = inLine(moving, others, "x", reach);
  const down = inLine(moving, others, "y", reach);
  const dx = across?.by ?? toGrid(moving.x);
  const dy = down?.by ?? toGrid(moving.y);
  const at = { ...moving, x: moving.x + dx, y: moving.y + dy };
  const guides: Guide[] = [];
  if (across !== null) guides.push(guide("x", across.at, at, across.other));
  if (down !== null) guides.push(guide("y", down.at, at, down.other));
  return { dx, dy, guides };
}

function toGrid(value: number): number {
  return Math.round(value / GRID) * GRID - value;
}

interface Line {
  readonly by: number;
  readonly at: number;
  readonly other: Rect;
}

function inLine(
  moving: Rect,
  others: readonly Rect[],
  axis: "x" | "y",
  reach: number,
): Line | null {
  let best: Line | null = null;
  for (const other of others)
    for (const at of lines(other, axis))
      for (const own of lines(moving, axis)) {
        const by = at - own;
        if (Math.abs(by) <= reach && (best === null || Math.abs(by) < Math.abs(best.by)))
          best = { by, at, other };
      }
  return best;
}

function lines(rect: Rect, axis: "x" | "y"): readonly number[] {
  const length = axis === "x" ? rect.width : rect.height;
  return [rect[axis], rect[axis] + length / 2, rect[axis] + length];
}

function guide(axis: "x" | "y", at: number, one: Rect, other: Rect): Guide {
  const [start, length] = axis === "x" ? (["y", "height"] as const) : (["x", "width"] as const);
  return {
    axis,
    at,
    from: Math.min(one[start], other[start]),
    to: Math.max(one[start] + one[length], other[start] + other[length]),
  };
}
