/** Runs as the server tells of them. */

export const STATUSES = [
  "running",
  "suspended",
  "queued",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export type Status = (typeof STATUSES)[number];

export const TRIGGERS = [
  "manual",
  "cell",
  "canvas",
  "cli",
  "papermill",
  "cron",
  "webhook",
  "subflow",
  "event",
  "eval",
  "test",
] as const;
export type Trigger = (typeof TRIGGERS)[number];

export interface RunRow {
  readonly id: string;
  readonly flow: string;
  readonly status: Status;
  readonly trigger: Trigger;
  /** ISO 8601, in UTC, to the millisecond. */
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly error: string | null;
  /** The node that began last, while the run is not over. */
  readonly current: string | null;
  readonly pinned: boolean;
  /** What is ready waits until somebody lets it go on. */
  readonly paused?: boolean;
  /** The run it replays. */
  readonly origin: string | null;
  readonly origin_node: string | null;
  readonly params: Readonly<Record<string, unknown>>;
  /** What it waits for; empty when it waits for nothing. */
  readonly waiting_for?: string;
  /** Path of its notebook, from the server's root. */
  readonly notebook?: string | null;
}

export interface RunPage {
  readonly runs: readonly RunRow[];
  /** Where the page behind begins; null when there is none. */
  readonly next: string | null;
  /** The filter as a query over the view `runs`. */
  readonly sql?: string;
}

export interface FlowSummary {
  readonly flow: string;
  readonly notebook: string | null;
  readonly runs: number;
  readonly last_run: { readonly started_at: string } | null;
}

/** What a deletion took or would take. */
export interface Deletion {
  readonly count: number;
  readonly skipped: number;
  readonly dry_run: boolean;
}

/** Something still happens to it, or may. */
export function going({ status }: RunRow): boolean {
  return status === "running" || status === "suspended" || status === "queued";
}

/** Newest first, as the server sorts; ids are minted in the order of time. */
export function newestFirst(one: RunRow, other: RunRow): number {
  if (one.started_at !== other.started_at) return one.started_at < other.started_at ? 1 : -1;
  if (one.id === other.id) return 0;
  return one.id < other.id ? 1 : -1;
}

/** The end of an id: its beginning is the time, which neighbours share. */
export function shortId(id: string): string {
  return id.slice(-6);
}
