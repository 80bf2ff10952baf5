/** How one node of a run stands, and a container's turns. */
import type { ErrorInfo, ValueRef } from "../protocol/generated";

export type Phase =
  | "waiting"
  | "standby"
  | "ready"
  | "running"
  | "turning"
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
  /** Of a container that has unfolded: how its turns go. */
  readonly turns: Turns | null;
  /** Of a node inside of a container: the turn this tells of, null before the first. */
  readonly scope?: string | null;
  /** Of such a node: how it stands in all turns. */
  readonly counts?: Counts;
}

/** How a container's turns go; `total` is null while only a condition can tell. */
export interface Turns {
  readonly total: number | null;
  readonly active: number;
  readonly succeeded: number;
  readonly failed: number;
  /** So many of those that succeeded were taken from another run. */
  readonly reused: number;
  /** True when they have numbers. */
  readonly counted: boolean;
}

/** In how many turns a node inside of a container is how far. */
export interface Counts {
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
}

export const UNTOUCHED: NodeRun = {
  phase: "waiting",
  outcome: null,
  attempt: 0,
  ms: null,
  error: null,
  reason: null,
  startedAt: null,
  delay: null,
  outputs: {},
  turns: null,
};
