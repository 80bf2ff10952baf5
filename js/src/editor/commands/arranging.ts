/** Nodes in line with each other, by hand or by the automatic layout. */
import { type Alignment, aligned, distributed } from "../../model/aligning";
import type { Point } from "../../model/layout";
import { around, nested, type Rect, settled } from "../../model/nesting";
import type { Command } from "../commands";
import type { Editor } from "../editor";
import { geometry } from "../geometry";
import { noNode } from "./editing";

const ALIGNMENTS: ReadonlyArray<readonly [Alignment, string]> = [
  ["left", "Align left edges"],
  ["centre", "Align on a vertical line"],
  ["right", "Align right edges"],
  ["top", "Align top edges"],
  ["middle", "Align on a horizontal line"],
  ["bottom", "Align bottom edges"],
];

export const ARRANGING: readonly Command[] = [
  {
    name: "tidy-up",
    group: "arrange",
    label: () => "Tidy up: lay out the whole flow",
    keys: ["t"],
    menu: ["pane"],
    disabled: (editor) => editor.locked,
    run: (editor) => {
      editor.session.tidyUp();
      editor.say("Laid out the whole flow");
    },
  },
  {
    name: "tidy-selection",
    group: "arrange",
    label: () => "Lay out the selected nodes",
    keys: ["Shift+t"],
    menu: ["nodes"],
    disabled: (editor) => editor.locked || fewer(editor, 2),
    run: tidySelection,
  },
  ...ALIGNMENTS.map(
    ([how, label]): Command => ({
      name: `align-${how}`,
      group: "arrange",
      label: () => label,
      menu: ["nodes"],
      disabled: (editor) => editor.locked || fewer(editor, 2),
      run: (editor) => shift(editor, aligned(rects(editor), how)),
    }),
  ),
  ...(["x", "y"] as const).map(
    (axis): Command => ({
      name: axis === "x" ? "distribute-across" : "distribute-down",
      group: "arrange",
      label: () => (axis === "x" ? "Same gaps from left to right" : "Same gaps from top to bottom"),
      menu: ["nodes"],
      disabled: (editor) => editor.locked || fewer(editor, 3),
      run: (editor) => shift(editor, distributed(rects(editor), axis)),
    }),
  ),
];

/** The selected nodes that can be seen and are inside of no other selected one. */
export function rects(editor: Editor): Map<string, Rect> {
  const { places, nest } = geometry(editor);
  const chosen = editor.state.nodes;
  const found = new Map<string, Rect>();
  for (const name of chosen) {
    const at = places.get(name);
    if (at !== undefined && !nest.around(name).some((one) => chosen.has(one))) found.set(name, at);
  }
  return found;
}

/** Move each as far as it is said, as one step. */
export function shift(editor: Editor, shifts: ReadonlyMap<string, Point>): void {
  const { nest } = geometry(editor);
  const moves: Record<string, Point> = {};
  for (const [name, by] of shifts) {
    const node = nest.get(name);
    if (node !== undefined && (by.x !== 0 || by.y !== 0))
      moves[name] = { x: node.x + by.x, y: node.y + by.y };
  }
  editor.move(settled(nest, moves));
}

/** The automatic layout of what is selected, where it is. */
function tidySelection(editor: Editor): void {
  const before = rects(editor);
  const nodes = [...before.keys()].flatMap((name) => editor.node(name) ?? []);
  const links = (editor.flow?.edges ?? []).map((edge) => [edge.source, edge.target] as const);
  const places = nested(
    nodes.map((one) => ({ ...one, inside: null })),
    links,
  );
  const { x, y } = around([...before.values()]);
  const shifts = new Map<string, Point>();
  for (const [name, at] of places) {
    const was = before.get(name);
    if (was !== undefined) shifts.set(name, { x: x + at.x - was.x, y: y + at.y - was.y });
  }
  shift(editor, shifts);
}

function fewer(editor: Editor, least: number): string {
  return noNode(editor) || (rects(editor).size < least ? `select ${least} nodes or more` : "");
}
