/** What a run did when: for every node its waits, attempts and pauses, as lines of a Gantt chart. */

import { parted } from "../../model/turns";
import type { Event } from "../../protocol/generated";
import { nodeOf, scopeOf } from "./stops";

/** `queued`: ready, and something else had the room; `backoff`: between two attempts. */
export type SpanKind = "queued" | "attempt" | "backoff" | "suspended" | "turns";

export interface Span {
  readonly kind: SpanKind;
  /** Seconds since the epoch; an end that has not come is that of the last event. */
  readonly from: number;
  readonly to: number;
  readonly attempt: number;
  /** `succeeded`, `failed`, `cancelled`, or `running` while it goes on. */
  readonly outcome: string;
  /** Numbers of the first and the last event, counted from 1. */
  readonly count: number;
}

export interface Line {
  /** As `each[3].clean`; the node itself outside of all turns. */
  readonly key: string;
  readonly node: string;
  readonly scope: string;
  readonly level: number;
  readonly from: number;
  readonly to: number;
  readonly outcome: string;
  readonly attempts: number;
  readonly spans: readonly Span[];
}

interface Draft {
  readonly key: string;
  readonly node: string;
  readonly scope: string;
  readonly spans: Span[];
  open: { kind: SpanKind; from: number; count: number; attempt: number } | null;
  outcome: string;
  attempts: number;
  reused: number | null;
}

/** The lines of all nodes that did anything, those of a turn behind their container. */
export function linesOf(events: readonly Event[]): readonly Line[] {
  const drafts = new Map<string, Draft>();
  events.forEach((event, i) => {
    const node = nodeOf(event);
    if (node === "" || !(event.kind in STEPS)) return;
    const scope = scopeOf(event);
    const key = scope === "" ? node : `${scope}.${node}`;
    const draft = drafts.get(key) ?? begun(key, node, scope);
    drafts.set(key, draft);
    STEPS[event.kind]?.(draft, event, i + 1);
  });
  const end = events.at(-1)?.at ?? 0;
  const over = events.at(-1)?.kind === "RUN_COMPLETED";
  const lines = [...drafts.values()].flatMap((one) => lineOf(one, end, over) ?? []);
  return arranged(lines);
}

function begun(key: string, node: string, scope: string): Draft {
  return { key, node, scope, spans: [], open: null, outcome: "running", attempts: 0, reused: null };
}

type Step = (draft: Draft, event: Event, count: number) => void;

const opens =
  (kind: SpanKind): Step =>
  (draft, event, count) => {
    close(draft, event.at, "running");
    const attempt = "attempt" in event ? (event.attempt ?? 1) : Math.max(1, draft.attempts);
    if (kind === "attempt") draft.attempts = Math.max(draft.attempts, attempt);
    draft.open = { kind, from: event.at, count, attempt };
  };

const ends =
  (outcome: string): Step =>
  (draft, event) => {
    close(draft, event.at, outcome);
    draft.outcome = outcome;
    if (outcome === "reused") draft.reused = event.at;
  };

const STEPS: Readonly<Partial<Record<Event["kind"], Step>>> = {
  NODE_SCHEDULED: opens("queued"),
  NODE_RESUMED: opens("queued"),
  NODE_STARTED: opens("attempt"),
  NODE_UNFOLDED: opens("turns"),
  NODE_SUSPENDED: opens("suspended"),
  NODE_RETRY_SCHEDULED: (draft, event, count) => {
    close(draft, event.at, "failed");
    draft.open = { kind: "backoff", from: event.at, count, attempt: draft.attempts };
  },
  NODE_COMPLETED: ends("succeeded"),
  NODE_FAILED: ends("failed"),
  NODE_CANCELLED: ends("cancelled"),
  NODE_REUSED: ends("reused"),
};

function close(draft: Draft, at: number, outcome: string): void {
  if (draft.open === null) return;
  const { kind, from, count, attempt } = draft.open;
  const told = kind === "attempt" || kind === "turns" ? outcome : "waited";
  draft.spans.push({ kind, from, to: at, attempt, outcome: told, count });
  draft.open = null;
}

function lineOf(draft: Draft, end: number, over: boolean): Line | null {
  close(draft, end, over ? draft.outcome : "running");
  const { key, node, scope, spans, outcome, attempts, reused } = draft;
  const from = spans[0]?.from ?? reused;
  if (from === null || from === undefined) return null;
  const to = spans.at(-1)?.to ?? from;
  const level = scope === "" ? 0 : scope.split(".").filter((one) => one.includes("[")).length || 1;
  return { key, node, scope, level, from, to, outcome, attempts, spans };
}

/** By when they began; what is in a turn stands behind the line of its container. */
function arranged(lines: readonly Line[]): readonly Line[] {
  const inside = new Map<string, Line[]>();
  const known = new Set(lines.map((line) => line.key));
  const around = (line: Line) => {
    const home = containerOf(line.scope);
    return known.has(home) ? home : "";
  };
  for (const line of lines) {
    const home = line.scope === "" ? "" : around(line);
    inside.set(home, [...(inside.get(home) ?? []), line]);
  }
  const found: Line[] = [];
  const add = (home: string) => {
    const some = [...(inside.get(home) ?? [])].sort((a, b) => a.from - b.from);
    for (const line of some) {
      found.push(line);
      if (inside.has(line.key)) add(line.key);
    }
  };
  add("");
  return found;
}

/** The line of a turn's container: `each` of `each[3]`, `a[1].b` of `a[1].b[2].then`. */
export function containerOf(scope: string): string {
  const [before, last] = parted(scope);
  const numbered = /^(.*)\[\d+\]$/.exec(last);
  if (numbered !== null) return before === "" ? (numbered[1] ?? "") : `${before}.${numbered[1]}`;
  // A block: the turn is what is before it.
  if (before === "") return last;
  const [outer, turn] = parted(before);
  const name = turn.replace(/\[\d+\]$/, "");
  return outer === "" ? name : `${outer}.${name}`;
}

/** Milliseconds of a line that were work, and those that were waits of any kind. */
export function shares(line: Line): { readonly work: number; readonly waits: number } {
  let work = 0;
  let waits = 0;
  for (const { kind, from, to } of line.spans)
    if (kind === "attempt" || kind === "turns") work += (to - from) * 1000;
    else waits += (to - from) * 1000;
  return { work, waits };
}
