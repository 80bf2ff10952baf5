/** What went along an edge, in a word: rows, items, bytes, or what has come so far. */
import type { EdgeView, FlowView } from "../protocol/generated";
import { routeLabel } from "./route";
import { bytes, edgeLabel } from "./selectors";
import type { CanvasState } from "./state";

/** Smaller than this, how large something is says nothing. */
const WORTH_SAYING = 1000;
const LISTS: ReadonlySet<string> = new Set(["list", "tuple", "set", "dict"]);

const firsts = new WeakMap<FlowView, ReadonlySet<string>>();

/** The first edge of each output, as the one that says how much it is. */
function first(flow: FlowView): ReadonlySet<string> {
  const before = firsts.get(flow);
  if (before !== undefined) return before;
  const found = new Map<string, string>();
  for (const { source, output, target, input } of flow.edges) {
    const port = `${source}.${output}`;
    if (!found.has(port)) found.set(port, `${port}>${target}.${input}`);
  }
  const all = new Set(found.values());
  firsts.set(flow, all);
  return all;
}

/**
 * `1,461 rows`, `3 items`, `84 KB`, while it streams `12 chunks`; empty for nothing to say, and for
 * a further edge of the same output. Behind a node that chose, `taken` and `not taken`.
 */
export function edgeVolume(edge: EdgeView, { run, streams, flow }: CanvasState): string {
  const { source: from, output, target, input } = edge;
  if (flow !== null && !first(flow).has(`${from}.${output}>${target}.${input}`)) return "";
  const source = run?.nodes[edge.source];
  const chunks = streams[edge.source]?.data?.count ?? 0;
  if (source?.phase === "running" && chunks > 0) return counted(chunks, "chunk");
  const told = edgeLabel(edge, run);
  const route = routeLabel(edge, flow, run);
  const ref = source?.outputs[edge.output];
  if (told !== "" || ref === undefined) return told || route;
  const items = LISTS.has(ref.type) ? itemsOf(ref.inline) : null;
  if (items !== null) return counted(items, "item");
  const size = ref.size ?? 0;
  return size >= WORTH_SAYING ? bytes(size) : route;
}

function itemsOf(inline: unknown): number | null {
  if (typeof inline !== "object" || inline === null) return null;
  return Array.isArray(inline) ? inline.length : Object.keys(inline).length;
}

function counted(count: number, one: string): string {
  return `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;
}
