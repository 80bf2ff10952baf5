/** Where the arrow keys lead: from a node to the nearest one in that direction. */
import type { Point } from "../model/layout";

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

export interface Placed {
  readonly id: string;
  readonly position: Point;
}

/** Going astray counts more than going far. */
const ASTRAY = 3;
const UNIT: Readonly<Record<Direction, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

export function direction(key: string): Direction | null {
  return key in UNIT ? (key as Direction) : null;
}

/** One step of `length` that way. */
export function step(towards: Direction, length: number): Point {
  return { x: UNIT[towards].x * length, y: UNIT[towards].y * length };
}

/** The node to go to from `from`, or null at the edge; the first of equals. */
export function nearest<T extends Placed>(
  nodes: readonly T[],
  from: Placed,
  towards: Direction,
): T | null {
  const unit = UNIT[towards];
  let best: T | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const node of nodes) {
    const dx = node.position.x - from.position.x;
    const dy = node.position.y - from.position.y;
    const ahead = dx * unit.x + dy * unit.y;
    const aside = Math.abs(dx * unit.y) + Math.abs(dy * unit.x);
    const cost = ahead + ASTRAY * aside;
    if (ahead < 1 || aside > ahead * 4 || cost >= least) continue;
    best = node;
    least = cost;
  }
  return best;
}
