/** Rectangles around things of one size. */
import type { Point } from "./layout";

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** The smallest box around things with these top-left corners, and a margin around that. */
export function corner(
  places: readonly Point[],
  width: number,
  height: number,
  margin: number,
): Box {
  const xs = places.map((one) => one.x);
  const ys = places.map((one) => one.y);
  const least = (all: readonly number[]) => all.reduce((a, b) => Math.min(a, b), all[0] ?? 0);
  const most = (all: readonly number[]) => all.reduce((a, b) => Math.max(a, b), all[0] ?? 0);
  const x = least(xs) - margin;
  const y = least(ys) - margin;
  return {
    x,
    y,
    width: most(xs) + width + margin - x,
    height: most(ys) + height + margin - y,
  };
}
