/** What it means to drop nodes there: into an edge, into a container, or out of one. */
import { rehome } from "../editor/commands/grouping";
import type { Editor } from "../editor/editor";
import type { Point } from "../model/layout";
import type { EdgeView } from "../protocol/generated";
import { edgeAt } from "./at";
import type { FlowEdge, Picture } from "./graph";

/** `edge`: the node goes into it. Otherwise all go to `home`, null being outside of all. */
export interface Drop {
  readonly key: string;
  readonly text: string;
  readonly edge: EdgeView | null;
  readonly home: string | null;
}

interface Held {
  readonly primary: string;
  readonly names: ReadonlySet<string>;
}

/** null: it is only a move. `below`: what is under the pointer, from the top. */
export function droppedOn(
  picture: Picture,
  { primary, names }: Held,
  at: Point,
  below: readonly Element[],
): Drop | null {
  const edge = names.size === 1 ? edgeBelow(picture, primary, below) : null;
  if (edge?.data !== undefined && edge.data.all.length === 1) {
    const { source, output, target, input } = edge.data.edge;
    const text = `Put ${primary} between ${source}.${output} and ${target}.${input}`;
    return { key: `edge ${edge.id}`, text, edge: edge.data.edge, home: null };
  }
  const home = homeAt(picture, names, at);
  if (home === picture.nest.home(primary)) return null;
  const what = names.size === 1 ? primary : `${names.size} nodes`;
  const text = home === null ? `Take ${what} out` : `Put ${what} into ${home}`;
  return { key: `home ${home}`, text, edge: null, home };
}

function edgeBelow(
  { edges }: Picture,
  node: string,
  below: readonly Element[],
): FlowEdge | undefined {
  for (const element of below) {
    const name = edgeAt(element);
    const edge = name === null ? undefined : edges.find((one) => one.id === name);
    if (edge !== undefined && edge.source !== node && edge.target !== node) return edge;
  }
  return undefined;
}

/** The innermost container at a point that is not among those that are dragged. */
export function homeAt(
  { nest, places }: Pick<Picture, "nest" | "places">,
  dragged: ReadonlySet<string>,
  at: Point,
): string | null {
  let best: string | null = null;
  let depth = -1;
  for (const [name, rect] of places) {
    if (!nest.contains(name) || dragged.has(name)) continue;
    const around = nest.around(name);
    if (around.some((one) => dragged.has(one)) || around.length <= depth) continue;
    const inside =
      at.x >= rect.x &&
      at.x <= rect.x + rect.width &&
      at.y >= rect.y &&
      at.y <= rect.y + rect.height;
    if (inside) [best, depth] = [name, around.length];
  }
  return best;
}

/** Ask for what was meant. `moves`: where the nodes were dropped. */
export function finish(
  editor: Editor,
  picture: Picture,
  drop: Drop,
  moves: Readonly<Record<string, Point>>,
): void {
  const names = Object.keys(moves);
  if (drop.edge !== null) {
    const [node] = names;
    if (node === undefined) return;
    const at = picture.nest.home(node) === null ? moves[node] : undefined;
    const { target, input } = drop.edge;
    void editor.do({ type: "SPLICE", node, on: { target, input }, ...at });
    return;
  }
  const nodes = names.flatMap((name) => editor.node(name) ?? []);
  void rehome(editor, nodes, drop.home, placesIn(picture, drop.home, moves));
}

/** The same places on the canvas, as the new home counts them. */
function placesIn(
  { nest, places, boxes }: Picture,
  home: string | null,
  moves: Readonly<Record<string, Point>>,
): Record<string, { x: number; y: number }> {
  const box = home === null ? undefined : boxes.get(home);
  const corner = home === null ? { x: 0, y: 0 } : (places.get(home) ?? { x: 0, y: 0 });
  const by = box?.by ?? { x: 0, y: 0 };
  const found: Record<string, { x: number; y: number }> = {};
  let row = 0;
  for (const [name, at] of Object.entries(moves)) {
    const node = nest.get(name);
    const was = places.get(name);
    if (node === undefined || was === undefined) continue;
    const x = was.x + at.x - node.x - corner.x + by.x;
    const y = was.y + at.y - node.y - corner.y + by.y;
    found[name] = box?.folded ? { x: 0, y: 120 * row++ } : { x, y };
  }
  return found;
}

/** Show where nodes would go. */
export function mark(root: HTMLElement, drop: Drop | null): void {
  for (const one of root.querySelectorAll(".fb-drop")) one.classList.remove("fb-drop");
  if (drop === null) return;
  const [kind, ...rest] = drop.key.split(" ");
  const name = CSS.escape(rest.join(" "));
  const found = root.querySelector(
    kind === "edge"
      ? `.react-flow__edge[data-id="${name}"]`
      : `.react-flow__node[data-id="${name}"]`,
  );
  found?.classList.add("fb-drop");
}
