/** How many runs went, as what is laid over a drawing: what takes long, and which ways are taken. Pure. */
import type { Statistics } from "../protocol/generated";
import type { Heat, Overlay } from "../protocol/overlay";
import { duration } from "./selectors";
import { edgeKey } from "./state";

/** The time that all but the slowest twentieth of a node's runs took, and how often it failed. */
export function heatOf(found: Statistics): Overlay {
  const most = Math.max(0, ...found.nodes.map((one) => one.p95_ms ?? 0));
  const nodes: Record<string, Heat> = {};
  for (const one of found.nodes) {
    const failed = one.failed > 0 ? `${one.failed} failed` : "";
    const time = one.p95_ms === null ? "" : `p95 ${duration(one.p95_ms)}`;
    const text = [time, failed].filter(Boolean).join(", ");
    if (text !== "") {
      nodes[one.node] = { share: most > 0 ? (one.p95_ms ?? 0) / most : 0, text };
    }
  }
  return { kind: "heat", what: `Duration (p95) in ${counted(found.runs)}`, nodes };
}

/** In how many runs each way was taken. */
export function frequencyOf(found: Statistics): Overlay {
  const edges: Record<string, number> = {};
  for (const one of found.edges) edges[edgeKey(one)] = one.taken;
  return { kind: "frequency", runs: found.runs, edges };
}

function counted(runs: number): string {
  return `${runs.toLocaleString("en-US")} run${runs === 1 ? "" : "s"}`;
}
