/**
 * Where a run stands: the fold over its events, the same as `flowbook.run.state` in Python.
 *
 * Golden histories in tests/golden/runs are folded by both; `runView` must give exactly the view
 * recorded there. Log lines do not travel live, so holes in the numbering are no error here.
 */
import type {
  ErrorInfo,
  Event,
  NodeCancelled,
  NodeCompleted,
  NodeReused,
  RunCreated,
  RunRecovered,
  RunStatus,
  TriggerKind,
  ValueRef,
} from "../protocol/generated";

export type Phase =
  | "waiting"
  | "ready"
  | "running"
  | "backoff"
  | "held"
  | "suspended"
  | "cancelling"
  | "done";
export type Outcome = "succeeded" | "failed" | "skipped" | "cancelled" | "reused";

export interface NodeRun {
  readonly phase: Phase;
  readonly outcome: Outcome | null;
  readonly attempt: number;
  readonly ms: number | null;
  readonly error: ErrorInfo | null;
  readonly reason: string | null;
  /** Seconds since the epoch, by the kernel's clock, of the last attempt's start. */
  readonly startedAt: number | null;
  /** Seconds until the next attempt, while in backoff. */
  readonly delay: number | null;
  /** Live ports and what went through them; a port that is absent is dead. */
  readonly outputs: Readonly<Record<string, ValueRef>>;
}

export interface RunState {
  readonly run: string;
  readonly flow: string;
  readonly trigger: TriggerKind | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly order: readonly string[];
  readonly nodes: Readonly<Record<string, NodeRun>>;
  readonly startedAt: number;
  readonly ms: number | null;
  readonly verdict: RunStatus | null;
  readonly error: ErrorInfo | null;
  readonly errorNode: string | null;
  readonly paused: boolean;
  readonly cancelling: boolean;
}

const UNTOUCHED: NodeRun = {
  phase: "waiting",
  outcome: null,
  attempt: 0,
  ms: null,
  error: null,
  reason: null,
  startedAt: null,
  delay: null,
  outputs: {},
};

/** The run after `events`; null while there is none. Copies the nodes once, not once per event. */
export function foldRun(run: RunState | null, events: readonly Event[]): RunState | null {
  if (events.length === 0) return run;
  const fold = new Fold(run);
  for (const event of events) fold.take(event);
  return fold.state;
}

class Fold {
  state: RunState | null;
  private nodes: Record<string, NodeRun>;

  constructor(run: RunState | null) {
    this.nodes = { ...run?.nodes };
    this.state = run === null ? null : { ...run, nodes: this.nodes };
  }

  take(event: Event): void {
    if (event.kind === "RUN_CREATED") this.created(event);
    else if (this.state !== null && event.run === this.state.run) this.fold(this.state, event);
  }

  private created(event: RunCreated): void {
    this.nodes = Object.fromEntries(event.nodes.map((node) => [node, UNTOUCHED]));
    this.state = {
      run: event.run,
      flow: event.flow,
      trigger: event.trigger,
      params: event.params ?? {},
      order: event.nodes,
      nodes: this.nodes,
      startedAt: event.at,
      ms: null,
      verdict: null,
      error: null,
      errorNode: null,
      paused: false,
      cancelling: false,
    };
  }

  private fold(state: RunState, event: Exclude<Event, RunCreated>): void {
    switch (event.kind) {
      case "NODE_SCHEDULED":
      case "NODE_RESUMED":
        this.set(event.node, { phase: state.paused ? "held" : "ready", reason: null });
        break;
      case "NODE_STARTED":
        this.set(event.node, {
          phase: "running",
          attempt: event.attempt,
          startedAt: event.at,
          delay: null,
        });
        break;
      case "NODE_COMPLETED":
        this.done(event, "succeeded", { ms: event.ms, error: null });
        break;
      case "NODE_REUSED":
        this.done(event, "reused", {});
        break;
      case "NODE_RETRY_SCHEDULED":
        this.set(event.node, {
          phase: "backoff",
          ms: event.ms,
          error: event.error,
          delay: event.delay,
        });
        break;
      case "NODE_FAILED":
        this.set(event.node, {
          phase: "done",
          outcome: "failed",
          ms: event.ms,
          error: event.error,
        });
        break;
      case "NODE_SKIPPED":
        this.set(event.node, { phase: "done", outcome: "skipped", reason: event.reason });
        break;
      case "NODE_CANCELLED":
        this.cancelled(event);
        break;
      case "NODE_SUSPENDED":
        this.set(event.node, { phase: "suspended", reason: event.reason });
        break;
      case "NODE_LOGGED":
        break;
      case "CANCEL_REQUESTED":
        this.state = { ...state, cancelling: true };
        this.each("running", "cancelling");
        break;
      case "RUN_PAUSED":
        this.state = { ...state, paused: true };
        this.each("ready", "held");
        break;
      case "RUN_RESUMED":
        this.state = { ...state, paused: false };
        this.each("held", "ready");
        break;
      case "RUN_RECOVERED":
        this.recovered(state, event);
        break;
      case "RUN_COMPLETED":
        this.state = {
          ...state,
          verdict: event.status,
          ms: event.ms,
          error: event.error ?? null,
          errorNode: event.node ?? null,
        };
        break;
    }
  }

  private set(node: string, change: Partial<NodeRun>): void {
    const before = this.nodes[node];
    if (before !== undefined) this.nodes[node] = { ...before, ...change };
  }

  private done(
    event: NodeCompleted | NodeReused,
    outcome: Outcome,
    change: Partial<NodeRun>,
  ): void {
    this.set(event.node, { ...change, phase: "done", outcome, outputs: event.outputs ?? {} });
  }

  private cancelled(event: NodeCancelled): void {
    const ms = event.ms ? { ms: event.ms } : {};
    this.set(event.node, { ...ms, phase: "done", outcome: "cancelled" });
  }

  private recovered(state: RunState, event: RunRecovered): void {
    const phase = state.paused ? "held" : "ready";
    for (const node of event.lost ?? []) this.set(node, { phase });
    for (const node of event.again ?? [])
      this.set(node, { phase, outcome: null, outputs: UNTOUCHED.outputs });
  }

  private each(from: Phase, to: Phase): void {
    for (const [node, one] of Object.entries(this.nodes))
      if (one.phase === from) this.set(node, { phase: to });
  }
}

/** Suspended: nothing moves until something from outside comes. */
export function statusOf(run: RunState): RunStatus {
  if (run.verdict !== null) return run.verdict;
  let suspended = false;
  for (const node of Object.values(run.nodes)) {
    if (node.phase === "suspended") suspended = true;
    else if (node.phase !== "waiting" && node.phase !== "done") return "running";
  }
  return suspended ? "suspended" : "running";
}

/** The run as plain data, field by field what Python's `view` gives. */
export function runView(run: RunState): unknown {
  const nodes = Object.fromEntries(
    Object.entries(run.nodes).map(([name, { phase, outcome, attempt, ms, error, reason }]) => [
      name,
      { phase, outcome, attempt, ms, error, reason },
    ]),
  );
  return { run: run.run, flow: run.flow, status: statusOf(run), trigger: run.trigger, nodes };
}
