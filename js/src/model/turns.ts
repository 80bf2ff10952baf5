/** The turns of containers: every node once per turn, and what that comes to. */
import type { Counts, NodeRun, Phase } from "./node";

export const NO_COUNTS: Counts = { running: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };

/** The nodes of one turn, and the turns of the containers among them. */
export interface Scope {
  readonly path: string;
  readonly nodes: Map<string, NodeRun>;
  /** By container, and in there by block and number: the paths of those. */
  readonly turns: Map<string, Map<string, string>>;
  /** It goes on when the run, or what is around it, is to stop. */
  readonly shielded: boolean;
}

export function scope(path: string, shielded = false): Scope {
  return { path, nodes: new Map(), turns: new Map(), shielded };
}

/** The same turn, to be changed while the other stays. */
export function copied({ path, nodes, turns, shielded }: Scope): Scope {
  const inner = [...turns].map(([node, known]) => [node, new Map(known)] as const);
  return { path, nodes: new Map(nodes), turns: new Map(inner), shielded };
}

/** What a turn of a container is called, as Python calls it. */
export function scopePath(
  parent: string,
  node: string,
  block: string,
  index: number | null,
): string {
  const number = index === null ? "" : `[${index}]`;
  return `${parent}${parent === "" ? "" : "."}${node}${number}${block === "" ? "" : "."}${block}`;
}

/** The scope and the node of `each[3].clean`. */
export function parted(key: string): readonly [string, string] {
  const dot = key.lastIndexOf(".");
  return dot < 0 ? ["", key] : [key.slice(0, dot), key.slice(dot + 1)];
}

function counted(node: NodeRun): keyof Counts | null {
  if (node.phase === "waiting" || node.phase === "standby") return null;
  if (node.phase !== "done" || node.outcome === null) return "running";
  return node.outcome === "reused" ? "succeeded" : node.outcome;
}

/** The counts once a node that was `before` in one of the turns is `after`, or is forgotten. */
export function recount(counts: Counts, before: NodeRun, after: NodeRun | null): Counts {
  const from = counted(before);
  const to = after === null ? null : counted(after);
  if (from === to) return counts;
  const change: { -readonly [key in keyof Counts]: number } = { ...counts };
  if (from !== null) change[from] -= 1;
  if (to !== null) change[to] += 1;
  return change;
}

const ACTIVE: ReadonlySet<Phase> = new Set(["ready", "running", "backoff", "held", "cancelling"]);

/** 1 while a node goes on by itself: neither waits nor is done, nor is a container at its turns. */
export function active(phase: Phase): number {
  return ACTIVE.has(phase) ? 1 : 0;
}
