/** Where a run stands, as `foldRun` makes it of its events, and the view of it. */
import type { ErrorInfo, RunStatus, TriggerKind } from "../protocol/generated";
import type { NodeRun } from "./node";
import type { Scope } from "./turns";

export type Blocks = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface RunState {
  readonly run: string;
  readonly flow: string;
  readonly trigger: TriggerKind | null;
  readonly params: Readonly<Record<string, unknown>>;
  /** The nodes of the flow itself; those inside of containers are behind them in `nodes`. */
  readonly order: readonly string[];
  readonly blocks: Blocks;
  readonly nodes: Readonly<Record<string, NodeRun>>;
  readonly startedAt: number;
  readonly ms: number | null;
  readonly verdict: RunStatus | null;
  readonly error: ErrorInfo | null;
  readonly errorNode: string | null;
  /** How often it has had its time: more than once if it was out of it and tried again. */
  readonly tries: number;
  readonly paused: boolean;
  readonly cancelling: boolean;
  /** What undoes and cleans up is to stop too. */
  readonly forced: boolean;
  /** Nodes that run only when others are over. */
  readonly standby: ReadonlySet<string>;
  /** Which node undoes which, by the one that is undone. */
  readonly compensations: Readonly<Record<string, string>>;
  /** How the work went, once only what undoes it and what tears down is left. */
  readonly ending: RunStatus | null;
  /** The nodes that were undone, and those that should have been and were not. */
  readonly compensated: readonly string[];
  readonly uncompensated: readonly string[];
  /** Nodes that go on by themselves, and those that wait for something outside; in all turns. */
  readonly active: number;
  readonly suspended: number;
  /** Every turn by its path. Grows in place: only the newest state may be folded on. */
  readonly scopes: Map<string, Scope>;
}

/** Suspended: nothing moves until something from outside comes. */
export function statusOf(run: RunState): RunStatus {
  if (run.verdict !== null) return run.verdict;
  return run.suspended > 0 && run.active === 0 ? "suspended" : "running";
}

/** The run as plain data, field by field what Python's `view` gives. */
export function runView(run: RunState): unknown {
  const nodes = Object.fromEntries(
    Object.entries(run.nodes).map(([name, one]) => [name, nodeView(one, name in run.blocks)]),
  );
  return {
    run: run.run,
    flow: run.flow,
    status: statusOf(run),
    trigger: run.trigger,
    tries: run.tries,
    nodes,
  };
}

function nodeView(node: NodeRun, container: boolean): unknown {
  const { phase, outcome, attempt, ms, error, reason, turns, scope, counts } = node;
  const plain = { phase, outcome, attempt, ms, error, reason };
  const { counted: _, reused: __, ...told } = turns ?? { counted: false, reused: 0 };
  return {
    ...plain,
    ...(container ? { turns: turns === null ? null : told } : {}),
    ...(counts === undefined ? {} : { scope, counts }),
  };
}
