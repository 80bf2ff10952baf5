/** The line of an edge: through the corridor the layout kept free, or one curve where it has none. */
import { PITCH_X, type Point, WIDTH } from "../model/layout";

const GAP = PITCH_X - WIDTH;
/** Handles are drawn around the point they stand for; measured ones lie this far from it. */
const NEAR = 8;
/** And a border's width above or below it, give or take what a zoom rounds. */
const LEVEL = 1.5;

/** A planned way: it holds as long as both ends are where the layout put them. */
export interface Way {
  readonly start: Point;
  readonly end: Point;
  readonly via: readonly Point[];
}

export interface Line {
  readonly path: string;
  readonly label: Point;
}

export function line(start: Point, end: Point, way: Way | null): Line {
  const kept = way !== null && near(start, way.start) && near(end, way.end);
  const points = [start, ...(kept ? way.via : []).flatMap(through), end];
  const parts = [`M${start.x},${start.y}`];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const from = points[i] ?? start;
    const to = points[i + 1] ?? end;
    const after = points[i + 2];
    parts.push(curve(from, to), after === undefined ? "" : `L${after.x},${after.y}`);
  }
  const first = points[1] ?? end;
  return { path: parts.join(""), label: middle(start, first) };
}

/** A corridor is straight as far as the column is wide. */
function through(point: Point): [Point, Point] {
  return [point, { x: point.x + WIDTH, y: point.y }];
}

function curve(from: Point, to: Point): string {
  const ahead = to.x - from.x;
  const bend = ahead >= GAP / 2 ? ahead / 2 : GAP + Math.min(GAP * 2, -ahead / 4);
  return `C${from.x + bend},${from.y} ${to.x - bend},${to.y} ${to.x},${to.y}`;
}

function near(one: Point, other: Point): boolean {
  return Math.abs(one.x - other.x) <= NEAR && Math.abs(one.y - other.y) <= LEVEL;
}

function middle(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
