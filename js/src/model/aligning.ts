/** Nodes in line with each other: how far each has to go. Pure. */
import type { Point } from "./layout";
import { around, type Rect } from "./nesting";

export type Alignment = "left" | "right" | "top" | "bottom" | "centre" | "middle";
type Rects = ReadonlyMap<string, Rect>;
type Shifts = Map<string, Point>;

/** `centre`: on one vertical line; `middle`: on one horizontal line. */
export function aligned(rects: Rects, how: Alignment): Shifts {
  const all = around([...rects.values()]);
  const shift = ({ x, y, width, height }: Rect): Point => {
    switch (how) {
      case "left":
        return { x: all.x - x, y: 0 };
      case "right":
        return { x: all.x + all.width - width - x, y: 0 };
      case "top":
        return { x: 0, y: all.y - y };
      case "bottom":
        return { x: 0, y: all.y + all.height - height - y };
      case "centre":
        return { x: Math.round(all.x + all.width / 2 - width / 2 - x), y: 0 };
      case "middle":
        return { x: 0, y: Math.round(all.y + all.height / 2 - height / 2 - y) };
    }
  };
  return new Map([...rects].map(([name, rect]) => [name, shift(rect)]));
}

/** The same gap between each and the next; the first and the last stay. */
export function distributed(rects: Rects, axis: "x" | "y"): Shifts {
  const length = axis === "x" ? "width" : "height";
  const inOrder = [...rects].sort(([, a], [, b]) => a[axis] - b[axis]);
  const first = inOrder[0]?.[1];
  const last = inOrder.at(-1)?.[1];
  if (first === undefined || last === undefined || inOrder.length < 3) return new Map();
  const taken = inOrder.reduce((all, [, rect]) => all + rect[length], 0);
  const room = last[axis] + last[length] - first[axis] - taken;
  const gap = room / (inOrder.length - 1);
  let at = first[axis];
  return new Map(
    inOrder.map(([name, rect]) => {
      const by = Math.round(at - rect[axis]);
      at += rect[length] + gap;
      return [name, axis === "x" ? { x: by, y: 0 } : { x: 0, y: by }];
    }),
  );
}
