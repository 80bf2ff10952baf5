/** The flow as a list to go through line by line, without a picture: nodes, and their wires. */
import type { EdgeView, FlowView, NodeView } from "../protocol/generated";
import { routes } from "./layout";
import { home } from "./selectors";

export interface Row {
  readonly key: string;
  /** The node it is of; of a wire, the node that has it. */
  readonly node: NodeView;
  /** What the row says beside or, of a wire, instead of the node's name. */
  readonly text: string;
  /** Of a wire: where it leads to, and what it is, unless a parameter feeds it, or nothing. */
  readonly wire: { readonly to: string | null; readonly edge: EdgeView | null } | null;
  readonly level: number;
  /** Which of how many beside each other, from 1. */
  readonly place: number;
  readonly of: number;
  /** Null: nothing is below it. */
  readonly open: boolean | null;
}

/** `catch` of a node in `guard.catch`; empty for the first block. */
function block(node: NodeView): string {
  return home(node).split(".")[1] ?? "";
}

export function containerOf(node: NodeView): string | null {
  return node.inside ?? (home(node).split(".")[0] || null);
}

/**
 * The rows in the order of the data, what is in a container below it. Containers are open and all else
 * is shut, except for rows in `turned`. Below an open node is what it reads and feeds; a container
 * has that in a row of its own.
 */
export function outlineRows(flow: FlowView, turned: ReadonlySet<string>): readonly Row[] {
  const { order } = routes(
    flow.nodes.map((one) => one.name),
    flow.edges.map((one) => [one.source, one.target]),
  );
  const nodes = new Map(flow.nodes.map((one) => [one.name, one]));
  const below = new Map<string | null, NodeView[]>();
  for (const name of order) {
    const node = nodes.get(name);
    if (node === undefined) continue;
    const inside = containerOf(node);
    const at = inside !== null && nodes.has(inside) ? inside : null;
    const beside = below.get(at);
    if (beside === undefined) below.set(at, [node]);
    else beside.push(node);
  }
  const wires = byNode(flow);
  const rows: Row[] = [];
  const add = (node: NodeView, level: number, place: number, of: number): void => {
    const children = below.get(node.name) ?? [];
    const own = wires.get(node.name) ?? [];
    const holds = children.length > 0 && own.length > 0 ? 1 : 0;
    const open = children.length > 0 !== turned.has(node.name);
    rows.push({
      ...{ key: node.name, node, text: block(node), wire: null, level, place, of },
      open: children.length + own.length === 0 ? null : open,
    });
    if (!open) return;
    const count = holds + children.length;
    if (holds > 0) {
      const key = `${node.name}~`;
      const text = own.length === 1 ? "1 wire" : `${own.length} wires`;
      const shown = turned.has(key);
      const wire = { to: null, edge: null };
      rows.push({ key, node, text, wire, level: level + 1, place: 1, of: count, open: shown });
      if (shown) addWires(node, own, level + 2);
    } else addWires(node, own, level + 1);
    for (const [i, one] of children.entries()) add(one, level + 1, holds + i + 1, count);
  };
  const addWires = (node: NodeView, own: readonly Wire[], level: number) => {
    for (const [i, one] of own.entries())
      rows.push({ ...one, node, level, place: i + 1, of: own.length, open: null });
  };
  const top = below.get(null) ?? [];
  for (const [i, node] of top.entries()) add(node, 1, i + 1, top.length);
  return rows;
}

type Wire = Pick<Row, "key" | "text" | "wire">;

/** What each node reads and feeds, in words. */
function byNode(flow: FlowView): ReadonlyMap<string, readonly Wire[]> {
  const found = new Map<string, Wire[]>();
  const into = new Map(flow.edges.map((edge) => [`${edge.target}.${edge.input}`, edge]));
  for (const node of flow.nodes) {
    const wires = node.inputs.map((input): Wire => {
      const edge = into.get(`${node.name}.${input.name}`) ?? null;
      const from = edge === null ? input.source : `${edge.source}.${edge.output}`;
      const fed = edge !== null || input.origin === "parameter";
      return {
        key: `${node.name}<${input.name}`,
        text: fed ? `${input.name} reads ${from}` : `${input.name} is fed by nothing`,
        wire: { to: edge?.source ?? null, edge },
      };
    });
    found.set(node.name, wires);
  }
  for (const edge of flow.edges)
    found.get(edge.source)?.push({
      key: `${edge.source}.${edge.output}>${edge.target}.${edge.input}`,
      text: `${edge.output} feeds ${edge.target}.${edge.input}`,
      wire: { to: edge.target, edge },
    });
  return found;
}

/** The row that typing `letters` goes to, from row `at` on and around; -1 for none. */
export function jumpTo(rows: readonly Row[], at: number, letters: string): number {
  const more = letters.length > 1 ? 0 : 1;
  for (let i = 0; i < rows.length; i++) {
    const index = (at + more + i) % rows.length;
    const row = rows[index];
    if (row?.wire === null && row.node.name.toLowerCase().startsWith(letters.toLowerCase()))
      return index;
  }
  return -1;
}

/** The row that row `at` is below of; -1 at the top. */
export function above(rows: readonly Row[], at: number): number {
  const level = rows[at]?.level ?? 1;
  for (let i = at - 1; i >= 0; i--) if ((rows[i]?.level ?? 0) < level) return i;
  return -1;
}
