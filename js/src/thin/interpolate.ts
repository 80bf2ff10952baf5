/** What the canvas needs of d3-interpolate: from one view to another, without colours and texts. */
// @ts-expect-error the module has no types of its own
import interpolateZoom from "../../node_modules/d3-interpolate/src/zoom.js";

export { interpolateZoom };

type View = readonly [x: number, y: number, width: number];

/** Straight from one view to the other. */
export function interpolate(from: View, to: View): (t: number) => View {
  const at = (i: 0 | 1 | 2, t: number) => from[i] + (to[i] - from[i]) * t;
  return (t) => [at(0, t), at(1, t), at(2, t)];
}
