/**
 * The critical path: the chain of nodes that decided how long the run took, read off the order of
 * events. Whatever settles last before a node is ready is what that node has waited for. The same
 * as `flowbook.run.critical`; both are held against the histories in `tests/golden`.
 */
import type { Event } from "../../protocol/generated";
import { nodeOf, scopeOf } from "./stops";
import { type Line, shares } from "./trace";

/** One node of the path; times are seconds since the epoch. */
export interface PathStep {
  readonly node: string;
  readonly status: string;
  /** Milliseconds from the end of the step before to its own. */
  readonly ms: number;
  /** Milliseconds from when it was ready until its first attempt began. */
  readonly wait: number | null;
}

export interface Critical {
  /** Keys of lines, in the order they ran. */
  readonly path: readonly string[];
  /** Milliseconds from when the first was ready to the end of the last. */
  readonly ms: number;
  /** Milliseconds of those in which one of them worked; the rest they waited. */
  readonly work: number;
}

interface Known {
  readonly after: string | null;
  readonly readyAt: number;
  ready: boolean;
  status: string;
  startedAt: number | null;
  endedAt: number | null;
}

const ENDINGS: Readonly<Partial<Record<Event["kind"], string>>> = {
  NODE_COMPLETED: "succeeded",
  NODE_REUSED: "reused",
  NODE_FAILED: "failed",
  NODE_CANCELLED: "cancelled",
};
const TOLD: ReadonlySet<string> = new Set([
  "NODE_SCHEDULED",
  "NODE_STARTED",
  ...Object.keys(ENDINGS),
]);

/** Of a run, or of one turn; what is in a container is part of its container. */
export function criticalSteps(events: readonly Event[], scope = ""): readonly PathStep[] {
  const known = new Map<string, Known>();
  let settled: string | null = null;
  let last: string | null = null;
  for (const event of events) {
    if (!TOLD.has(event.kind) || scopeOf(event) !== scope) continue;
    const name = nodeOf(event);
    const node = known.get(name) ?? begun(settled, event.at);
    known.set(name, node);
    if (event.kind === "NODE_SCHEDULED" || event.kind === "NODE_REUSED") node.ready = true;
    else if (event.kind === "NODE_STARTED") node.startedAt ??= event.at;
    const ending = ENDINGS[event.kind];
    if (ending === undefined) continue;
    node.status = ending;
    node.endedAt = event.at;
    if (node.ready) last = name;
    if (event.kind !== "NODE_CANCELLED") settled = name;
  }
  return stepsTo(known, last);
}

/** The path of the run, with what its lines say of work. */
export function criticalOf(events: readonly Event[], lines: readonly Line[]): Critical {
  const steps = criticalSteps(events);
  const path = steps.map(({ node }) => node);
  const on = new Set(path);
  return {
    path,
    ms: steps.reduce((all, { ms }) => all + ms, 0),
    work: lines.reduce((all, line) => all + (on.has(line.key) ? shares(line).work : 0), 0),
  };
}

function begun(after: string | null, readyAt: number): Known {
  return { after, readyAt, ready: false, status: "", startedAt: null, endedAt: null };
}

function stepsTo(known: ReadonlyMap<string, Known>, last: string | null): readonly PathStep[] {
  const chain: Array<readonly [string, Known]> = [];
  for (let name = last; name !== null; ) {
    const node = known.get(name);
    if (node === undefined || !node.ready) break;
    chain.unshift([name, node]);
    name = node.after;
  }
  return chain.map(([node, { status, readyAt, startedAt, endedAt }], i) => {
    const before = chain[i - 1]?.[1];
    const from = before === undefined ? readyAt : (before.endedAt ?? before.readyAt);
    const wait = startedAt === null ? null : millis(startedAt - readyAt);
    return { node, status, ms: millis((endedAt ?? readyAt) - from), wait };
  });
}

/** To the microsecond, which is what times are good for. */
function millis(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3;
}
