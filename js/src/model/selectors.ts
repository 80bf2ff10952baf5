/** What the state means to a reader: one word per node and edge, one line per run. */
import type {
  EdgeView,
  FlowView,
  Measured,
  NodeView,
  ProblemView,
  RunStatus,
} from "../protocol/generated";
import type { Counts, NodeRun, Phase, Turns } from "./node";
import { type RunState, statusOf } from "./run";
import type { CanvasState } from "./state";

/** How a node stands, as one word; also the `data-status` attribute that colours it. */
export type Standing =
  | "idle"
  | "waiting"
  | "standby"
  | "ready"
  | "running"
  | "backoff"
  | "held"
  | "suspended"
  | "cancelling"
  | "succeeded"
  | "reused"
  | "failed"
  | "not-taken"
  | "not-needed"
  | "not-asked"
  | "blocked"
  | "cancelled";

const LABELS: Readonly<Record<Standing, string>> = {
  idle: "Not run",
  waiting: "Waiting",
  standby: "Standing by",
  ready: "Ready",
  running: "Running",
  backoff: "Retrying soon",
  held: "Paused",
  suspended: "Waiting for outside",
  cancelling: "Stopping",
  succeeded: "Succeeded",
  reused: "Reused",
  failed: "Failed",
  "not-taken": "Not taken",
  "not-needed": "Not needed",
  "not-asked": "Not asked for",
  blocked: "Upstream failed",
  cancelled: "Cancelled",
};

export function standing(node: NodeRun | undefined): Standing {
  if (node === undefined || node.scope === null) return "idle";
  const elsewhere = (node.counts?.running ?? 0) > 0;
  if (elsewhere && (node.phase === "done" || node.phase === "waiting")) return "running";
  if (node.phase === "turning") return "running";
  if (node.phase !== "done") return node.phase;
  if (node.outcome === "skipped") {
    if (node.reason === "branch_not_taken" || node.reason === "turn_left") return "not-taken";
    if (node.reason === "not_needed") return "not-needed";
    if (node.reason === "not_asked") return "not-asked";
    return node.reason === "upstream_cancelled" ? "cancelled" : "blocked";
  }
  if (node.outcome === "cancelled" && node.reason === "not_needed") return "not-needed";
  return node.outcome ?? "idle";
}

/** The same of a node by its name: those of a queued run wait with it. */
export function standingOf({ run, queued }: CanvasState, node: string): Standing {
  return queued === null ? standing(run?.nodes[node]) : "waiting";
}

export function standingLabel(one: Standing): string {
  return LABELS[one];
}

/** The container that a node is in, with its block; empty outside of all. */
export function home(node: NodeView): string {
  return node.options.in ?? "";
}

/** How a container's turns go: `45/100 (3 failed)`, `100/100 (97 reused)`; empty where they are not counted. */
export function turnsLabel(turns: Turns | null | undefined): string {
  if (!turns?.counted) return "";
  const done = turns.succeeded + turns.failed;
  const text = turns.total === null ? count(done, "turn") : `${done}/${turns.total}`;
  if (turns.failed > 0) return `${text} (${turns.failed} failed)`;
  return turns.reused > 0 ? `${text} (${turns.reused} reused)` : text;
}

/** The same for a screen reader: `45 of 100 turns done, 3 failed`. */
export function turnsSpoken(turns: Turns | null | undefined): string {
  if (!turns?.counted) return "";
  const done = turns.succeeded + turns.failed;
  const text =
    turns.total === null ? count(done, "turn") : `${done} of ${count(turns.total, "turn")}`;
  const failed = turns.failed > 0 ? `, ${turns.failed} failed` : "";
  return `${text} done${failed}${turns.reused > 0 ? `, ${turns.reused} reused` : ""}`;
}

const COUNTED: ReadonlyArray<readonly [keyof Counts, string]> = [
  ["running", "●"],
  ["succeeded", "✓"],
  ["failed", "✗"],
  ["skipped", "–"],
];

/** How a node inside of a container stands in its turns: `●2 ✓97 ✗3`; empty for a single one. */
export function countsLabel(counts: Counts | undefined): string {
  if (counts === undefined || sum(counts) < 2) return "";
  const some = COUNTED.filter(([what]) => counts[what] > 0);
  return some.map(([what, sign]) => `${sign}${counts[what].toLocaleString("en-US")}`).join(" ");
}

/** The same for a screen reader: `2 running, 97 succeeded, 3 failed`. */
export function countsSpoken(counts: Counts | undefined): string {
  if (counts === undefined || sum(counts) < 2) return "";
  const some = Object.entries(counts).filter(([, n]) => n > 0);
  return some.map(([what, n]) => `${n} ${what}`).join(", ");
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}

export function isBusy(one: Standing): boolean {
  return one === "running" || one === "cancelling" || one === "backoff";
}

/** What an edge is doing. `dead`: the branch behind it is not taken. */
export type EdgeStanding = "idle" | "flowing" | "live" | "dead";

export function edgeStanding(edge: EdgeView, run: RunState | null): EdgeStanding {
  const source = run?.nodes[edge.source];
  if (source === undefined || source.phase !== "done") return "idle";
  if (source.outcome !== "succeeded" && source.outcome !== "reused") {
    return source.outcome === "skipped" && source.reason === "branch_not_taken" ? "dead" : "idle";
  }
  if (!(edge.output in source.outputs)) return "dead";
  return run?.nodes[edge.target]?.phase === "running" ? "flowing" : "live";
}

/** What went along an edge, when that can be said in a word: `1,461 rows`. */
export function edgeLabel(edge: EdgeView, run: RunState | null): string {
  const rows = run?.nodes[edge.source]?.outputs[edge.output]?.rows;
  if (rows === undefined || rows === null) return "";
  return `${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"}`;
}

/** All there is to say of an edge somebody points at: `daily → clean · 1,461 rows`. */
export function edgeSays(edge: EdgeView, run: RunState | null): string {
  const what = edgeStanding(edge, run) === "dead" ? "not taken" : edgeLabel(edge, run);
  const way = `${edge.output} → ${edge.target}`;
  return what === "" ? way : `${way} · ${what}`;
}

/** How much a node gave, where one edge would say it all: `1,461 rows`. */
export function volume(node: NodeView, run: RunState | null): string {
  if (run?.nodes[node.name]?.counts !== undefined) return ""; // of one turn it says little
  const [output, ...more] = node.outputs;
  if (output === undefined || more.length > 0) return "";
  return edgeLabel({ source: node.name, output, target: "", input: "" }, run);
}

/** Why the result of a node is out of date, for a sentence of its own; null when it is not. */
export function staleReason(flow: FlowView, node: string): string | null {
  if (flow.stale.length === 0) return null;
  const why = flow.reasons[node];
  if (why !== undefined) return `Stale: ${why}.`;
  const behind = staleBehind(flow).get(node);
  if (behind === undefined) return null;
  return behind === ""
    ? "Stale: its cell or a parameter changed after this result."
    : `Stale: ${behind}, which it reads, changed after this result.`;
}

const known = new WeakMap<FlowView, ReadonlyMap<string, string>>();

/** The first stale node that each stale node reads; empty where it reads none. */
function staleBehind(flow: FlowView): ReadonlyMap<string, string> {
  const before = known.get(flow);
  if (before !== undefined) return before;
  const found = new Map(flow.stale.map((node) => [node, ""]));
  for (const { source, target } of flow.edges)
    if (found.get(target) === "" && found.has(source)) found.set(target, source);
  known.set(flow, found);
  return found;
}

const GOING: ReadonlySet<Phase> = new Set(["running", "turning", "cancelling"]);

/**
 * How many of the flow's own nodes are how far; what is inside of a container is its affair. Nodes
 * that were not asked for, or undo others and need not, are none of `total`.
 */
export interface Tally {
  readonly total: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly reused: number;
  readonly unasked: number;
}

const NONE: Tally = {
  ...{ total: 0, done: 0, running: 0, failed: 0, skipped: 0, cancelled: 0 },
  ...{ reused: 0, unasked: 0 },
};

export function tally(run: RunState): Tally {
  const found: { -readonly [key in keyof Tally]: number } = { ...NONE };
  const undo = new Set(Object.values(run.compensations));
  for (const name of run.order) {
    const node = run.nodes[name];
    if (node === undefined) continue;
    const idle = node.phase === "standby" || node.outcome === "skipped";
    if (undo.has(name) && idle) continue;
    if (node.outcome === "skipped" && node.reason === "not_asked") {
      found.unasked += 1;
      continue;
    }
    found.total += 1;
    if (node.phase === "done") found.done += 1;
    if (GOING.has(node.phase)) found.running += 1;
    if (node.outcome === "failed") found.failed += 1;
    if (node.outcome === "skipped") found.skipped += 1;
    if (node.outcome === "cancelled") found.cancelled += 1;
    if (node.outcome === "reused") found.reused += 1;
  }
  return found;
}

const ENDING: Readonly<Partial<Record<RunStatus, string>>> = {
  succeeded: "Tearing down",
  failed: "Failed, finishing",
  cancelled: "Cancelled, finishing",
};

/** True while a run that was told to stop undoes, tears down or is in a block `finally`. */
export function finishing(run: RunState): boolean {
  if (!run.cancelling || run.forced || statusOf(run) !== "running") return false;
  if (run.ending !== null) return true;
  return [...run.scopes.values()].some(
    ({ shielded, nodes }) => shielded && [...nodes.values()].some((one) => one.phase !== "done"),
  );
}

/** True while a run goes on, or waits for its turn. */
export function isGoing({ run, queued }: CanvasState): boolean {
  return queued !== null || (run !== null && ["running", "suspended"].includes(statusOf(run)));
}

/** One line for eyes and screen readers: `7 of 11 done, 1 running`. */
export function summary(state: CanvasState): string {
  const { run, flow, queued } = state;
  if (queued !== null) return `Queued: waits for ${queued.waitsFor}`;
  if (run === null) {
    const nodes = flow?.nodes.length ?? 0;
    return nodes === 0 ? "No nodes yet" : `Not run yet · ${count(nodes, "node")}`;
  }
  const { total, done, running, failed, skipped, cancelled, reused, unasked } = tally(run);
  const status = statusOf(run);
  if (status === "running" || status === "suspended") {
    const parts = [`${done} of ${total} done`];
    if (run.tries > 1) parts.unshift(`Out of time, attempt ${run.tries}`);
    if (run.paused) parts.unshift("Paused");
    if (run.ending !== null) parts.unshift(ENDING[run.ending] ?? "Finishing");
    if (running > 0) parts.push(`${running} running`);
    if (failed > 0) parts.push(`${failed} failed`);
    if (status === "suspended") parts.push("waiting for something outside");
    return parts.join(", ");
  }
  const parts = [
    status === "succeeded" ? "Succeeded" : status === "failed" ? "Failed" : "Cancelled",
  ];
  const ran = done - skipped - cancelled - reused;
  parts.push(failed > 0 ? `${failed} of ${total} failed` : `${ran} of ${total} ran`);
  if (reused > 0) parts.push(`${reused} reused`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  if (cancelled > 0) parts.push(`${cancelled} cancelled`);
  if (unasked > 0) parts.push(`${unasked} not asked for`);
  if (run.tries > 1) parts.push(`at attempt ${run.tries}`);
  if (run.compensated.length > 0) parts.push(`${run.compensated.length} undone`);
  if (run.uncompensated.length > 0) parts.push(`${run.uncompensated.length} not undone`);
  return parts.join(" · ");
}

function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}

/** `12 ms`, `1.4 s`, `2 m 05 s`. */
export function duration(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return minutes < 60
    ? `${minutes} m ${rest} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

/** `2nd try`; empty for the first. */
export function attemptLabel(attempt: number): string {
  if (attempt < 2) return "";
  const tens = attempt % 100;
  const ending = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][attempt % 10] ?? "th");
  return `${attempt}${ending} try`;
}

/** How long the node took, or takes so far at `now`; null when it never started. */
export function elapsed(node: NodeRun | undefined, now: number): number | null {
  if (node === undefined) return null;
  if (GOING.has(node.phase) && node.startedAt !== null)
    return Math.max(0, (now - node.startedAt) * 1000);
  return node.phase === "done" && node.outcome !== "skipped" ? node.ms : null;
}

/** What a screen reader says of a node: `clean, python, succeeded, 12 ms`. */
export function spoken(
  node: NodeView,
  run: NodeRun | undefined,
  now: number,
  problems: number,
  stale = false,
  status = standing(run),
): string {
  const ms = elapsed(run, now);
  return [
    node.name,
    node.kind,
    standingLabel(status).toLowerCase(),
    ms === null ? "" : duration(ms),
    attemptLabel(run?.attempt ?? 0),
    home(node) === "" ? "" : `in ${home(node)}`,
    turnsSpoken(run?.turns),
    countsSpoken(run?.counts),
    stale ? "stale" : "",
    problems > 0 ? count(problems, "problem") : "",
  ]
    .filter(Boolean)
    .join(", ");
}

export function problemsOf(problems: readonly ProblemView[], node: string): readonly ProblemView[] {
  return problems.filter((one) => one.node === node);
}

export function errorCount(problems: readonly ProblemView[]): number {
  return problems.filter((one) => one.severity === "error").length;
}

export interface Progress {
  readonly done: number;
  readonly total: number | null;
}

/** How much of its work a node has done, from 0 to 1; null when nobody knows. */
export function shareOf(progress: Progress | undefined): number | null {
  if (progress === undefined || progress.total === null || progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}

/** The same for whoever listens: `60 percent done`. */
export function shareLabel(progress: Progress | undefined): string {
  const share = shareOf(progress);
  return share === null ? "" : `${Math.floor(share * 100)} percent done`;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** A number of bytes as people read it: `12 MB`. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toPrecision(2)} ${UNITS[unit]}`;
}

/** What an attempt took: `0.8 s CPU · 120 MB`, with about where it is an estimate. */
export function measuredLabel(measured: Measured | null): string {
  if (measured === null) return "";
  const about = measured.is_estimate ? "about " : "";
  return [
    measured.cpu_ms === null ? "" : `${duration(measured.cpu_ms)} CPU`,
    measured.memory === null ? "" : `${about}${bytes(measured.memory)} memory`,
  ]
    .filter(Boolean)
    .join(", ");
}
