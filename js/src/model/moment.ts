/** What is told of a node, as of a moment of its run: nothing that came later. */
import type { Details } from "../protocol/generated";
import type { NodeRun } from "./node";
import type { RunState } from "./run";

/** A moment that is looked at: the number of its event, and seconds since the epoch. */
export interface Moment {
  readonly seq: number;
  readonly at: number;
}

/** A node in a turn of its container; outside of all for an empty `scope`. */
export function nodeIn(run: RunState | null, name: string, scope: string): NodeRun | undefined {
  return scope === "" ? run?.nodes[name] : run?.scopes.get(scope)?.nodes.get(name);
}

/** The node as it was then; `node` is how it stood. */
export function detailsAt(
  details: Details | undefined,
  node: NodeRun | undefined,
  moment: Moment | null,
): Details | undefined {
  if (details === undefined || moment === null) return details;
  const began = node !== undefined && (node.attempt > 0 || node.phase === "done");
  const done = node?.phase === "done";
  const logs = details.logs.filter(({ seq }) => seq <= moment.seq);
  return {
    ...details,
    inputs: began ? details.inputs : [],
    outputs: done ? details.outputs : [],
    logs,
    lines: details.logs_cut ? 0 : logs.length, // how many of those that are not here, is asked for
    error: node?.error ?? null,
    stream: done ? details.stream : null,
    measured: done ? details.measured : null,
  };
}

/** Why there is no output at that moment, where there is one later; empty when it is not for that. */
export function notYet(
  details: Details | undefined,
  node: NodeRun | undefined,
  moment: Moment | null,
): string {
  if (moment === null || node?.phase === "done" || (details?.outputs.length ?? 0) === 0) return "";
  const began = node !== undefined && node.attempt > 0;
  return `Not there yet at this moment: ${began ? "the node was still at work" : "the node had not begun"}. Later in this run it gave a value.`;
}
