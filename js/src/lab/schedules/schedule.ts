/** Schedules as the server tells them. Times are ISO 8601 in UTC, but for a `local` one. */

import type { Status } from "../runs/run";

export interface Fire {
  readonly at: string;
  /** The same on the clock of the schedule's zone. */
  readonly local: string;
  /** What happens to that clock on that day; empty on most. */
  readonly note: string;
}

export type Verdict = "run" | "wait" | "skip";

export interface Slot {
  readonly scheduled_for: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly detail: string;
  readonly words: string;
  readonly run: string | null;
  readonly run_status: Status | null;
  readonly decided_at: string;
}

/** The run that a slot became, while the history has it. */
export function kept({ run, run_status }: Slot): { run: string; status: Status } | null {
  return run === null || run_status === null ? null : { run, status: run_status };
}

/** How a slot went, as runs have it; what never ran is skipped. */
export function outcome({ verdict, run, run_status }: Slot): Status | "gone" | "skipped" {
  if (run_status !== null) return run_status;
  if (run !== null) return "gone";
  return verdict === "wait" ? "queued" : "skipped";
}

export const OVERLAPS = ["skip", "queue_one", "parallel"] as const;
export type Overlap = (typeof OVERLAPS)[number];

export const CATCH_UPS = ["none", "latest", "all"] as const;
export type CatchUp = (typeof CATCH_UPS)[number];

/** A schedule as it is asked for; what is left out is as the server has it by default. */
export interface Settings {
  readonly cron?: string | null;
  readonly every?: number | null;
  readonly at?: readonly string[];
  readonly timezone?: string;
  readonly start?: string | null;
  readonly end?: string | null;
  readonly jitter?: number;
  readonly enabled?: boolean;
  readonly input_data?: Readonly<Record<string, unknown>>;
  readonly overlap?: Overlap;
  readonly parallel?: number | null;
  readonly catch_up?: CatchUp;
  readonly catch_up_most?: number;
  readonly grace?: number;
  readonly after?: readonly string[];
}

export interface Schedule {
  readonly name: string;
  readonly flow: string;
  readonly notebook: string;
  readonly enabled: boolean;
  readonly words: string;
  readonly warnings: readonly string[];
  readonly settings: Settings;
  readonly next_run: string | null;
  readonly next: readonly Fire[];
  /** The last ones, the latest first. */
  readonly slots: readonly Slot[];
  /** Why its next run would be refused. */
  readonly problem: string | null;
}

/** What a schedule was refused, or the panel: in words, and what to do. */
export interface Trouble {
  readonly message: string;
  readonly hint: string;
}

/** What the server would refuse of a schedule, and the field that it is about, where it is one. */
export interface Refusal {
  readonly message: string;
  readonly hint: string | null;
  readonly field: string | null;
}

/** What a schedule would be that is not saved. */
export interface Checked {
  readonly valid: boolean;
  readonly words: string;
  readonly warnings: readonly string[];
  readonly next: readonly Fire[];
  readonly refused: Refusal | null;
}

export interface Zones {
  readonly timezones: readonly string[];
  readonly common: readonly string[];
  readonly local: string | null;
}

/** A flow that may be scheduled, and its notebook. */
export interface FlowChoice {
  readonly flow: string;
  readonly notebook: string | null;
}
