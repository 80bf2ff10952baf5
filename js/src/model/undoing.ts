/** Nodes with a part of their own in a run: set up, tear down, undo others; and what was undone. */
import type { FlowView, NodeView } from "../protocol/generated";
import type { RunState } from "./run";
import { parted } from "./turns";

/** What a node is for besides the work, as its card says it. */
export interface Part {
  readonly text: string;
  readonly help: string;
}

/** The container a node is in, else its part in the run; null where it is plain work. */
export function partOf(flow: FlowView, node: NodeView): Part | null {
  const { in: home, role } = node.options;
  if (home) return { text: `in ${home}`, help: `runs in each turn of ${home}` };
  if (role === "setup") return { text: role, help: "runs before all that is no setup" };
  if (role === "teardown")
    return { text: role, help: "runs when all else is over, however that went" };
  const undone = undoneBy(flow).get(node.name);
  if (undone === undefined) return null;
  const names = undone.join(", ");
  return { text: `undoes ${names}`, help: `runs only if ${names} has to be undone` };
}

const known = new WeakMap<readonly NodeView[], ReadonlyMap<string, readonly string[]>>();

/** Which nodes each node undoes. */
function undoneBy({ nodes }: FlowView): ReadonlyMap<string, readonly string[]> {
  const before = known.get(nodes);
  if (before !== undefined) return before;
  const found = new Map<string, string[]>();
  for (const { name, options } of nodes)
    if (options.compensate)
      found.set(options.compensate, [...(found.get(options.compensate) ?? []), name]);
  known.set(nodes, found);
  return found;
}

export type Undone = "undone" | "not undone";

/** Whether what a node did was taken back; null where it had not to be, or nothing is known yet. */
export function undoneOf(run: RunState | null, node: string): Undone | null {
  if (run === null) return null;
  const named = (key: string) => parted(key)[1] === node;
  if (run.uncompensated.some(named)) return "not undone";
  if (run.compensated.some(named)) return "undone";
  const by = run.compensations[node];
  const over = by === undefined ? undefined : run.nodes[by];
  return run.verdict === null && over?.outcome === "succeeded" ? "undone" : null;
}

const SKIPPED: Readonly<Record<string, string>> = {
  turn_left: "Not run: its turn was left early.",
  not_asked: "Not run: this run was asked for other nodes only.",
  not_needed: "Not run: what follows had enough without it.",
  branch_not_taken: "Not run: the branch before it was not taken.",
  upstream_cancelled: "Not run: a node before it was cancelled.",
};

/** Why there is no output of a node. */
export function emptyOutput(run: RunState | null, name: string, queued: boolean): string {
  if (queued) return "Nothing yet: the run is queued.";
  const node = run?.nodes[name];
  if (run === null || node === undefined) return "Not run yet. Press Run to see what comes out.";
  if (node.scope === null)
    return run.verdict === null ? "Nothing yet: it waits for a turn." : "Not run: it had no turn.";
  if (node.phase === "standby") return "Standing by: it runs when its time has come.";
  if (node.phase === "suspended")
    return `Nothing yet: it waits for something outside${node.reason ? ` (${node.reason})` : ""}.`;
  if (node.phase !== "done") return "Nothing yet.";
  const unneeded = node.reason === "not_needed";
  switch (node.outcome) {
    case "skipped":
      if (unneeded && run.standby.has(name)) return "Not run: it was not needed.";
      return SKIPPED[node.reason ?? ""] ?? "Not run: a node before it failed.";
    case "failed":
      return "No output: the node failed. The Error tab says why.";
    case "cancelled":
      return unneeded
        ? "No output: it was stopped, for what follows had enough without it."
        : "No output: the run was cancelled.";
    default:
      return "The node gave nothing.";
  }
}
