/** Where everything stands in one view, which may have containers open that another has closed. */
import { absolute, type Drawn, drawnBoxes, isFolded, Nest, type Rect } from "../model/nesting";
import type { FlowView } from "../protocol/generated";
import type { Editor } from "./editor";

export interface Geometry {
  readonly nest: Nest;
  readonly boxes: ReadonlyMap<string, Drawn>;
  /** From the corner of the canvas. */
  readonly places: ReadonlyMap<string, Rect>;
}

type Folded = Readonly<Record<string, boolean>>;

const known = new WeakMap<FlowView, readonly [Folded, Geometry]>();

export function geometryOf(flow: FlowView, folded: Folded): Geometry {
  const before = known.get(flow);
  if (before?.[0] === folded) return before[1];
  const nest = new Nest(flow.nodes);
  const boxes = drawnBoxes(nest, (name) => isFolded(nest, folded, name));
  const found = { nest, boxes, places: absolute(boxes) };
  known.set(flow, [folded, found]);
  return found;
}

const NOTHING: Geometry = { nest: new Nest([]), boxes: new Map(), places: new Map() };

export function geometry(editor: Editor): Geometry {
  return editor.flow === null ? NOTHING : geometryOf(editor.flow, editor.state.folded);
}

/** The node that is nearest to some others, which is where the focus goes when they are gone. */
export function nearestTo(editor: Editor, names: ReadonlySet<string>): string | null {
  const { places, nest } = geometry(editor);
  const from = [...names].map((name) => places.get(name)).find((one) => one !== undefined);
  if (from === undefined) return null;
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [name, at] of places) {
    if (names.has(name) || nest.around(name).some((one) => names.has(one))) continue;
    const away = Math.hypot(at.x - from.x, at.y - from.y);
    if (away < least) [best, least] = [name, away];
  }
  return best;
}
